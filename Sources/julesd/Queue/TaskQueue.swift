// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Starts waiting tasks, one at a time, if the account's limits allow it.
///
/// Every step is recorded before it begins and after it has ended, and each creation has a key of its own (`KeyedRequests`).
/// A daemon that was killed in between searches for the session before it asks for one.
final class TaskQueue: Sendable {
    let store: QueueStore
    private let upstream: Upstream
    private let clock: QueueClock
    let told: @Sendable (QueueEntry) -> Void
    private let logger: Logger
    private let signal = WakeSignal()
    private let limits: Mutex<TaskLimits>
    private let schedule = Mutex(QueueSchedule())
    private let hasEntries = Mutex(false)
    private let retryOwner = Mutex<(any RetryOwner)?>(nil)

    /// The pause if the copy has to be read first, and between two attempts if the store fails.
    static let shortPause = Duration.seconds(1)
    /// The longest pause while the queue is empty.
    static let idlePause = Duration.seconds(600)
    /// A copy of this age is new enough to count sessions.
    static let freshness = Duration.seconds(15)

    /// - Parameters:
    ///   - clock: `nil` for the clock of the store.
    ///   - told: called with each entry that has changed.
    init(
        store: SessionStore, upstream: Upstream, limits: TaskLimits, clock: QueueClock? = nil,
        told: @escaping @Sendable (QueueEntry) -> Void = { _ in }, logger: Logger
    ) {
        self.store = QueueStore(store: store)
        self.upstream = upstream
        self.limits = Mutex(limits)
        self.clock = clock ?? QueueClock(now: { store.wallNow })
        self.told = told
        self.logger = logger
    }

    /// The owner of the retries. Set it before the queue runs.
    var owner: (any RetryOwner)? {
        get { retryOwner.withLock(\.self) }
        set { retryOwner.withLock { $0 = newValue } }
    }

    /// Uses these limits from now on.
    func apply(_ limits: TaskLimits) {
        self.limits.withLock { $0 = limits }
        signal.wake()
    }

    /// Checks again if something waits: a session has changed, so there may be room.
    func noteChange() { if hasEntries.withLock(\.self) { signal.wake() } }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await store.recover()
                break
            } catch { _ = await signal.sleep(Self.shortPause) }
        }
        while !Task.isCancelled {
            let pause: Duration
            do { pause = try await step() } catch { pause = Self.shortPause }
            if pause > .zero { _ = await signal.sleep(pause) }
        }
    }

    /// Takes the next step. Returns how long to wait after it.
    func step() async throws -> Duration {
        let entries = try await store.open().filter { $0.state == .waiting }
        hasEntries.withLock { $0 = !entries.isEmpty }
        guard !entries.isEmpty else { return Self.idlePause }
        guard isReady else { return Self.shortPause }
        let now = clock.now()
        let quota = try await quota(at: now)
        let next = schedule.withLock { $0.step(entries, quota, at: now, elapsed: clock.elapsed()) }
        switch next {
        case .idle: return Self.idlePause
        case .wait(let pause): return pause
        case .start(let id):
            guard let entry = entries.first(where: { $0.id == id }), try await store.begin(id) else { return .zero }
            await tell(id)
            // A stop does not wait for the API: the next start searches for the result.
            guard let (outcome, session) = await untilCancelled({ await self.start(entry) }) else { return .zero }
            await finish(entry, outcome, session: session)
            return .zero
        case .look(let id):
            guard let entry = entries.first(where: { $0.id == id }) else { return .zero }
            guard let session = try await look(for: entry) else {
                let isCertain = schedule.withLock { $0.noteMissing(id, elapsed: clock.elapsed()) }
                if isCertain { try await store.noteNotStarted(id) }
                return .zero
            }
            await finish(entry, .started, session: session)
            return .zero
        }
    }

    /// Whether the API serves us, and our copy also shows sessions that were created elsewhere.
    private var isReady: Bool {
        guard upstream.health.status.trouble == nil else { return false }
        let isFresh = upstream.reading.age.map { $0 <= max(Self.freshness, upstream.pollInterval * 2) } ?? false
        if !isFresh { upstream.signal.wake() }
        return isFresh
    }

    /// Asks the API for the session of an entry.
    private func start(_ entry: QueueEntry) async -> (QueueSchedule.Outcome, session: String?) {
        do {
            guard let request = try await store.request(of: entry.id) else {
                return (.impossible("the task cannot be read"), nil)
            }
            let session = try await upstream.actions.create(
                NewSession(queued: request), under: entry.key(of: request), provided: condition(of: entry))
            return (.started, session.id)
        } catch { return (QueueSchedule.Outcome(error), nil) }
    }

    /// The session that an entry already has, if Jules has started it without saying so.
    private func look(for entry: QueueEntry) async throws -> String? {
        guard let request = try await store.request(of: entry.id) else { return nil }
        return try await upstream.actions.created(NewSession(queued: request), under: entry.key(of: request))?.id
    }

    /// Records the result of an attempt, and reports it.
    private func finish(_ entry: QueueEntry, _ outcome: QueueSchedule.Outcome, session: String?) async {
        let before = schedule.withLock(\.hold)
        let verdict = schedule.withLock { $0.note(outcome, of: entry, elapsed: clock.elapsed()) }
        await note(verdict, of: entry, session: session, isUncertain: outcome.mayHaveStarted)
        log(verdict, of: entry, session: session)
        let after = schedule.withLock(\.hold)
        if let after, after.isRefusal, before?.isRefusal != true {
            logger.event(.queueHeld, level: .warning, "the queue waits: \(after.reason)")
        } else if after == nil, before?.isRefusal == true {
            logger.event(.queueReleased, "the queue goes on")
        }
    }

    /// The value of `body`, or `nil` as soon as the task is cancelled. `body` runs to its end in either case.
    private func untilCancelled<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value? {
        let (stream, continuation) = AsyncStream<Value>.makeStream()
        Task { continuation.yield(await body()) }
        return await stream.first { _ in true }
    }

    /// Records the result for an entry, and repeats this until the store accepts it.
    private func note(
        _ verdict: QueueSchedule.Verdict, of entry: QueueEntry, session: String?, isUncertain: Bool
    ) async {
        while !Task.isCancelled {
            do {
                try await store.note(
                    verdict, of: entry.id, session: session, isUncertain: isUncertain, at: now)
                return await tell(entry.id)
            } catch { try? await Task.sleep(for: Self.shortPause) }
        }
    }

    private func log(_ verdict: QueueSchedule.Verdict, of entry: QueueEntry, session: String?) {
        switch verdict {
        case .started:
            logger.event(
                .queueStarted, "a task of the queue has started: \(entry.title)",
                metadata: ["sessionId": "\(session ?? "")", "queueEntry": "\(entry.id)"])
        case .fails(let reason):
            logger.event(
                .queueFailed, level: .warning, "a task of the queue cannot be started: \(reason)",
                metadata: ["queueEntry": "\(entry.id)"])
        case .cancelled(let reason):
            logger.debug("a task of the queue is taken out: \(reason)", metadata: ["queueEntry": "\(entry.id)"])
        case .waits(let reason):
            logger.debug("a task of the queue waits: \(reason)", metadata: ["queueEntry": "\(entry.id)"])
        }
    }

    /// Tells what has become of an entry.
    func tell(_ id: String) async {
        guard let entry = try? await store.entry(id) else { return }
        told(entry)
        if entry.ended != nil, let decision = entry.decision { await owner?.noteRetryEnded(of: decision) }
    }

    /// The wall clock of the store.
    private var now: Timestamp { store.store.wallNow }

    /// Checks the queue again at once.
    func wake() { signal.wake() }
}

extension TaskQueue {
    /// A waiting entry, and when it can start.
    struct Waiting: Sendable {
        let entry: QueueEntry
        /// 1 for the next one.
        let position: Int
        /// The earliest time at which it can start, if it is known.
        let earliest: Timestamp?
    }

    /// Adds a task. If the same key has added it before, it adds nothing.
    ///
    /// - Returns: the id of the entry.
    /// - Throws: `SessionActionError`, `KeyedRequests.MismatchError`, `QueueStore.FullError`, `StoreError`.
    func add(_ wanted: NewSession, priority: Int, under key: IdempotencyKey?) async throws -> String {
        // If Jules cannot be asked now, an error appears when the task starts.
        do { try await upstream.actions.check(wanted) } catch is UpstreamError {}
        let id = try await store.add(wanted, priority: priority, under: key)
        await tell(id)
        signal.wake()
        return id
    }

    /// Changes the priority of a waiting entry.
    ///
    /// - Throws: `QueueStore.EntryStateError` if it does not wait.
    func setPriority(_ priority: Int, of id: String) async throws {
        try await store.setPriority(priority, of: id)
        await tell(id)
        signal.wake()
    }

    /// Cancels a waiting entry.
    ///
    /// - Throws: `QueueStore.EntryStateError` if it does not wait.
    func cancel(_ id: String) async throws {
        try await store.cancel(id)
        await tell(id)
        signal.wake()
    }

    /// The entries that wait or are starting, in the order in which they start.
    func waiting() async throws -> [Waiting] {
        let now = clock.now()
        let quota = try await quota(at: now)
        let start = held.map { max($0.until, now) } ?? now
        return try await store.open().enumerated().map { index, entry in
            Waiting(entry: entry, position: index + 1, earliest: quota.earliest(position: index + 1, at: start))
        }
    }

    /// The entries that have ended within a day, newest first.
    func ended() async throws -> [QueueEntry] {
        try await store.ended(since: now.advanced(by: .zero - TaskQuota.day))
    }

    /// The number of entries in each state. Of those that have ended, only the last day's count.
    func counts() async throws -> [QueueEntry.State: Int] {
        try await store.counts(since: now.advanced(by: .zero - TaskQuota.day))
    }

    /// The limits of the account, and how much of them is used.
    func quota() async throws -> TaskQuota { try await quota(at: clock.now()) }

    /// Why nothing starts at present, and until when; `nil` if nothing holds the queue.
    var held: (reason: String, until: Timestamp)? {
        let elapsed = clock.elapsed()
        guard let hold = schedule.withLock(\.hold), hold.until > elapsed else { return nil }
        return (hold.reason, clock.now().advanced(by: hold.until - elapsed))
    }

    private func quota(at now: Timestamp) async throws -> TaskQuota {
        TaskQuota(limits: limits.withLock(\.self), usage: try await store.usage(at: now))
    }
}

/// The clocks of the queue.
struct QueueClock: Sendable {
    /// For the limit of a day.
    var now: @Sendable () -> Timestamp
    /// For pauses: nobody can set it.
    var elapsed: @Sendable () -> Duration = { .monotonic }
}

extension QueueSchedule.Outcome {
    fileprivate var mayHaveStarted: Bool {
        switch self {
        case .refused(_, _, let mayHaveStarted), .trouble(_, let mayHaveStarted): mayHaveStarted
        case .started, .impossible, .withdrawn: false
        }
    }
}
