// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Synchronization

/// Starts what waits, one task at a time, as far as the account's limits go.
///
/// Every step is noted before it is made and after it has ended, and each creation goes by a key of its own (`KeyedRequests`): a
/// daemon that is killed in between looks for the session before it asks for one.
final class TaskQueue: Sendable {
    let store: QueueStore
    private let upstream: Upstream
    private let clock: QueueClock
    private let told: @Sendable (QueueEntry) -> Void
    private let logger: Logger
    private let signal = WakeSignal()
    private let limits: Mutex<TaskLimits>
    private let schedule = Mutex(QueueSchedule())
    private let hasEntries = Mutex(false)

    /// The pause before the copy is looked at again that has to be read first, and between two tries of a store that fails.
    static let shortPause = Duration.seconds(1)
    /// The longest pause while nothing waits.
    static let idlePause = Duration.seconds(600)
    /// A copy that is younger is fresh enough to count by.
    static let freshness = Duration.seconds(15)

    /// - Parameter told: given each entry that has changed.
    init(
        store: SessionStore, upstream: Upstream, limits: TaskLimits, clock: QueueClock = QueueClock(),
        told: @escaping @Sendable (QueueEntry) -> Void = { _ in }, logger: Logger
    ) {
        self.store = QueueStore(store: store)
        self.upstream = upstream
        self.limits = Mutex(limits)
        self.clock = clock
        self.told = told
        self.logger = logger
    }

    /// Counts by these limits from now on.
    func apply(_ limits: TaskLimits) {
        self.limits.withLock { $0 = limits }
        signal.wake()
    }

    /// Looks again if something waits: a session has changed, so there may be room.
    func noteChange() { if hasEntries.withLock(\.self) { signal.wake() } }

    /// Works until the task is cancelled.
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

    /// Does the next thing, and answers how long there is nothing to do after it.
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
            // A daemon that is told to stop does not wait for the API: after the next start it looks what came of this.
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

    /// Whether the API serves us, and our copy shows what was created elsewhere too.
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
            let session = try await upstream.actions.create(NewSession(queued: request), under: entry.key(of: request))
            return (.started, session.id)
        } catch { return (QueueSchedule.Outcome(error), nil) }
    }

    /// The session that an entry has already, if Jules has begun it although it did not say so.
    private func look(for entry: QueueEntry) async throws -> String? {
        guard let request = try await store.request(of: entry.id) else { return nil }
        return try await upstream.actions.created(NewSession(queued: request), under: entry.key(of: request))?.id
    }

    /// Notes how an attempt ended, and tells who has to know.
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

    /// The value of `body`, or `nil` as soon as the task is cancelled; `body` runs to its end then too.
    private func untilCancelled<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value? {
        let (stream, continuation) = AsyncStream<Value>.makeStream()
        Task { continuation.yield(await body()) }
        return await stream.first { _ in true }
    }

    /// Notes what became of an entry, as often as it takes: the store may be in trouble.
    private func note(
        _ verdict: QueueSchedule.Verdict, of entry: QueueEntry, session: String?, isUncertain: Bool
    ) async {
        while !Task.isCancelled {
            do {
                try await store.note(
                    verdict, of: entry.id, session: session, isUncertain: isUncertain, at: .now)
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
        case .waits(let reason):
            logger.debug("a task of the queue waits: \(reason)", metadata: ["queueEntry": "\(entry.id)"])
        }
    }

    private func tell(_ id: String) async {
        if let entry = try? await store.entry(id) { told(entry) }
    }
}

extension TaskQueue {
    /// What waits, and when it can start.
    struct Waiting: Sendable {
        let entry: QueueEntry
        /// 1 for the next one.
        let position: Int
        /// The earliest time at which it can start, where that is known.
        let earliest: Timestamp?
    }

    /// Adds a task, or answers with what the same key has added.
    ///
    /// - Throws: `SessionActionError`, `KeyedRequests.MismatchError`, `QueueStore.FullError`.
    func add(_ wanted: NewSession, priority: Int, under key: IdempotencyKey?) async throws -> String {
        // What cannot be known now shows when the task is to start.
        do { try await upstream.actions.check(wanted) } catch is UpstreamError {}
        let id = try await store.add(wanted, priority: priority, under: key)
        await tell(id)
        signal.wake()
        return id
    }

    /// Gives a waiting entry another priority.
    ///
    /// - Throws: `QueueStore.Refusal`.
    func setPriority(_ priority: Int, of id: String) async throws {
        try await store.setPriority(priority, of: id)
        await tell(id)
        signal.wake()
    }

    /// Takes a waiting entry out of the queue.
    ///
    /// - Throws: `QueueStore.Refusal`.
    func cancel(_ id: String) async throws {
        try await store.cancel(id)
        await tell(id)
        signal.wake()
    }

    /// What waits or is starting, in the order in which it starts.
    func waiting() async throws -> [Waiting] {
        let now = clock.now()
        let quota = try await quota(at: now)
        let start = held.map { max($0.until, now) } ?? now
        return try await store.open().enumerated().map { index, entry in
            Waiting(entry: entry, position: index + 1, earliest: quota.earliest(position: index + 1, at: start))
        }
    }

    /// What has ended within a day, the newest first.
    func ended() async throws -> [QueueEntry] {
        try await store.ended(since: .now.advanced(by: .zero - TaskQuota.day))
    }

    /// How many entries there are in each state; of those that have ended, only the last day's.
    func counts() async throws -> [QueueEntry.State: Int] {
        try await store.counts(since: .now.advanced(by: .zero - TaskQuota.day))
    }

    /// What the account may do and does.
    func quota() async throws -> TaskQuota { try await quota(at: clock.now()) }

    /// Why nothing starts for the moment, and until when; `nil` if nothing holds the queue.
    var held: (reason: String, until: Timestamp)? {
        let elapsed = clock.elapsed()
        guard let hold = schedule.withLock(\.hold), hold.until > elapsed else { return nil }
        return (hold.reason, clock.now().advanced(by: hold.until - elapsed))
    }

    private func quota(at now: Timestamp) async throws -> TaskQuota {
        TaskQuota(limits: limits.withLock(\.self), usage: try await store.usage(at: now))
    }
}

/// The times that the queue goes by.
struct QueueClock: Sendable {
    /// By which sessions count as the day's.
    var now: @Sendable () -> Timestamp = { .now }
    /// By which pauses are measured: nobody sets it.
    var elapsed: @Sendable () -> Duration = { .monotonic }
}

extension QueueSchedule.Outcome {
    fileprivate var mayHaveStarted: Bool {
        switch self {
        case .refused(_, _, let mayHaveStarted), .trouble(_, let mayHaveStarted): mayHaveStarted
        case .started, .impossible: false
        }
    }
}
