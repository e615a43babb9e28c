// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One user's account: the whole state of the API, as a value.
///
/// It reads no clock and makes no calls. The same seed and the same events at the same times give the same account and
/// the same bytes in every response, however often `advance(to:)` is called in between.
struct Account: Sendable {
    /// The position of a session in the lists.
    struct Place: Sendable, Comparable {
        var createTime: Timestamp
        var id: String

        static func < (left: Place, right: Place) -> Bool {
            (left.createTime, left.id) < (right.createTime, right.id)
        }
    }

    var behavior: APIBehavior
    var faults = FaultPlan()
    var requests = RequestLog()
    /// The accepted key; `nil` accepts any key that is not empty.
    var key: String?
    var sources: [Source]
    /// How many sessions start by themselves per minute.
    var arrivals: Double {
        didSet { scheduleArrival() }
    }
    private(set) var now: Timestamp
    private(set) var sessions: [String: Session] = [:]
    /// The positions of all sessions, oldest first.
    private(set) var order: [Place] = []
    /// The creation times of the sessions of the last 24 h. Each counts as a task, even if it was deleted.
    private var creations: [Timestamp] = []
    var random: SplitMix64
    private var agenda = SessionSchedule()
    private var nextArrival: Timestamp?

    init(
        seed: UInt64, at start: Timestamp, behavior: APIBehavior = APIBehavior(), key: String? = nil,
        arrivals: Double = 0
    ) {
        random = SplitMix64(seed: seed)
        now = start
        self.behavior = behavior
        self.key = key
        self.arrivals = arrivals
        sources = Repository.all.map(\.source)
        scheduleArrival()
    }

    /// The number of sessions created within 24 h, including deleted ones.
    var createdWithinDay: Int { creations.count { now.duration(since: $0) < .seconds(86_400) } }

    var activeCount: Int { sessions.values.count { $0.state.isActive } }

    /// Carries out everything that is due up to `instant`. A time in the past changes nothing.
    mutating func advance(to instant: Timestamp) {
        while true {
            if let arrival = nextArrival, arrival <= instant, arrival <= agenda.next ?? arrival {
                now = max(now, arrival)
                arrive()
                scheduleArrival()
            } else if let due = agenda.next, due <= instant, let entry = agenda.removeNext() {
                now = max(now, due)
                // Skip an entry if a later event has replaced the session's next step.
                guard sessions[entry.id]?.due?.at == entry.at else { continue }
                update(entry.id) { session, behavior in session.perform(behavior) }
            } else {
                break
            }
        }
        now = max(now, instant)
    }

    /// Changes a session and updates the schedule.
    mutating func update<Failure: Error>(
        _ id: String, _ change: (inout Session, APIBehavior) throws(Failure) -> Void
    ) throws(Failure) {
        guard let session = sessions[id] else { return }
        let before = session.due
        // Changed in place, because a copy would copy the history. `id` was found just above.
        try change(&sessions[id]!, behavior)
        if let due = sessions[id]?.due, due != before { agenda.add(id, at: due.at) }
    }

    /// Adds a session that starts now. Each session gets a different createTime.
    @discardableResult
    mutating func create(_ draft: SessionDraft, assignment: Assignment? = nil) -> Session {
        var time = now.wholeMicroseconds
        if let newest = order.last?.createTime, time <= newest { time = newest + .microseconds(1) }
        let assignment = assignment ?? Assignment(prompt: draft.prompt, source: draft.source, random: &random)
        let session = Session(
            id: freshID(), draft: draft, assignment: assignment, at: time, seed: random.next(), behavior: behavior)
        insert(session)
        return session
    }

    /// Adds an existing session.
    mutating func insert(_ session: Session) {
        sessions[session.id] = session
        let place = Place(createTime: session.createTime, id: session.id)
        order.insert(place, at: position(of: place))
        if let due = session.due { agenda.add(session.id, at: due.at) }
        creations.removeAll { now.duration(since: $0) >= .seconds(86_400) }
        creations.append(session.createTime)
    }

    mutating func remove(_ id: String) {
        guard let session = sessions.removeValue(forKey: id) else { return }
        order.remove(at: position(of: Place(createTime: session.createTime, id: id)))
    }

    /// The session, unless it is hidden at present.
    func visible(_ id: String) -> Session? {
        guard let session = sessions[id], session.hiddenUntil.map({ $0 <= now }) ?? true else { return nil }
        return session
    }

    /// The index of the first entry in `order` that is not before `place`.
    func position(of place: Place) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if order[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// A new id of twenty digits, so that a client that parses it as Int64 fails.
    mutating func freshID() -> String {
        while true {
            let id = String(10_000_000_000_000_000_000 + random.next() % 8_446_744_073_709_551_615)
            if sessions[id] == nil { return id }
        }
    }

    private mutating func arrive() {
        let assignment = Assignment(random: &random)
        create(assignment.draft(&random), assignment: assignment)
    }

    private mutating func scheduleArrival() {
        guard arrivals > 0 else { return nextArrival = nil }
        let mean = Duration.seconds(60 / arrivals)
        nextArrival = now + random.duration(mean * 0.3, mean * 1.7)
    }
}
