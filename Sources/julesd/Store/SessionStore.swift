// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The daemon's copy of the account: the newest text of every session, and the log of changes.
///
/// A session's row and the delta of its change commit together, so neither can be seen without the other. There is one
/// writer. A file has a second connection for readers, which see the last commit while the next one is in progress.
final class SessionStore: Sendable {
    /// Called with every change set, in the order of commits, on the writer's thread. It must not block.
    typealias Observer = @Sendable (ChangeSet) -> Void

    /// The clock for waits and ages.
    var clock: SteadyClock { engine.clock }
    /// The wall clock that all instances share.
    var wallNow: Timestamp { engine.wallNow }
    let health = StoreHealth()
    /// Whether the file is not the one that the last run left in its folder, so that a new epoch has begun.
    let isReplaced: Bool
    let engine: any StoreEngine
    /// The bytes of activities at the last count, and of those stored since. What was removed since then still counts.
    let activityBytes = Mutex<Int64>(0)
    /// Only the writer's thread uses it.
    let known = Mutex(KnownTexts())
    private let state: Mutex<State>

    private struct State {
        var position: StorePosition
        var origin: Int64
        var observer: Observer?
        var others = OthersObserver()
        var recipients: [Recipient] = []
    }

    /// What an instance that shares its store is told of the others. Called on the writer's thread; must not block.
    struct OthersObserver: Sendable {
        /// Another epoch has begun, or the log does not reach back to what has been told. Its head is given.
        var restarted: @Sendable (LogHead) -> Void = { _ in }
        /// Another instance has written, perhaps without a delta.
        var written: @Sendable () -> Void = {}
    }

    /// The store that an engine has opened.
    init(_ opened: OpenedStore) {
        engine = opened.engine
        isReplaced = opened.isReplaced
        state = Mutex(State(position: StorePosition(writes: 0, head: opened.head), origin: opened.origin))
    }

    /// Opens a store in a file or in memory; see ``SQLiteEngine/open(at:claim:migrator:check:now:snapshot:clocks:)``.
    convenience init(
        at location: StoreLocation, claim: StoreOwnership? = nil, migrator: Migrator = Schema.migrator,
        check: SQLiteEngine.Check = .first, now: Timestamp,
        snapshot: @escaping @Sendable (SQLiteConnection, Int) throws -> Void = { _, _ in },
        clocks: @escaping @Sendable () -> ClockReading = ClockReading.now
    ) async throws {
        self.init(
            try await SQLiteEngine.open(
                at: location, claim: claim, migrator: migrator, check: check, now: now, snapshot: snapshot,
                clocks: clocks))
    }

    var writer: any SQLDatabase { engine.writer }
    var reader: any SQLDatabase { engine.reader }

    /// The newest position that has been published.
    var head: LogHead { state.withLock(\.position.head) }

    /// One less than the number of the epoch's first delta.
    var origin: Int64 { state.withLock(\.origin) }

    /// The number of transactions that changed something. While it is the same, earlier reads still hold.
    var writes: Int { state.withLock(\.position.writes) }

    /// The state of the store. What is read after this call stays right as long as the position is the same.
    var position: StorePosition { state.withLock(\.position) }

    /// How many times the storage has failed since the start.
    var failureCount: UInt64 { writer.failureCount + (reader === writer ? 0 : reader.failureCount) }

    /// Calls `observer` with every later change set.
    func follow(_ observer: @escaping Observer) {
        state.withLock { $0.observer = observer }
    }

    /// Calls `observer` from now on.
    func follow(others observer: OthersObserver) { state.withLock { $0.others = observer } }

    /// From the next commit on, every delta is also added to the outbox for the `recipients` that want it.
    ///
    /// Call this on the writer's thread, so that no commit falls between two lists.
    func setRecipients(_ recipients: [Recipient]) {
        state.withLock { $0.recipients = recipients }
    }

    /// Adds nothing more to the outbox for an endpoint. Call this on the writer's thread too.
    func removeRecipient(_ endpoint: Int64) {
        state.withLock { $0.recipients.removeAll { $0.endpoint == endpoint } }
    }

    /// The recipients of deltas.
    var recipients: [Recipient] { state.withLock(\.recipients) }

    /// Whether the store is undamaged. If it has not been checked yet, that is done now.
    func isSound() async -> Bool { await engine.isSound(health) }

    /// Closes the store. A damaged one is not changed.
    func close() async { await engine.close(health) }

    /// Runs `body`, which only reads.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value {
        try await reader.with { [health] connection in try health.reading(connection) { try body(connection) } }
    }

    /// Runs `body`, which only reads. All of it sees one state of the store.
    func readAtOnce<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await read { connection in try connection.transaction { try body(connection) } }
    }

    /// Runs `body` in one transaction.
    ///
    /// - Parameter committed: called on the writer's thread, before anything else is written.
    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Value {
        try await writer.with { [self] connection in
            let value = try transaction(connection) { _ in try body(connection) }
            committed(value)
            return value
        }
    }

    /// Runs one transaction, which carries the file's mark if it changes anything (``StoreMark``).
    private func transaction<Value>(
        _ connection: any SQLConnection, _ body: (StorePosition) throws -> Value
    ) throws -> Value {
        try health.writing(connection) {
            let before = connection.totalChanges
            var begun = position
            let value = try connection.transaction {
                begun = try engine.begin(connection, known: begun)
                if begun.writes != writes { known.withLock { $0 = KnownTexts() } }
                let value = try body(begun)
                // After an error, a transaction without changes would not show that the store works again.
                if connection.totalChanges != before || health.trouble != nil {
                    try connection.note(clock.mark)
                    try engine.finish(connection)
                }
                return value
            }
            if connection.totalChanges != before { state.withLock { $0.position.writes = begun.writes + 1 } }
            return value
        }
    }

    /// Runs `change` in one transaction that numbers its deltas, then calls the observer.
    ///
    /// Nothing is published before the commit, and nothing of a transaction that fails.
    ///
    /// - Parameter answered: when the API's answer with the change had been read, on the monotonic clock.
    func commit<Value: Sendable>(
        at now: Timestamp, answered: Duration = .monotonic,
        _ change: @escaping @Sendable (any SQLConnection, inout DeltaWriter) throws -> Value
    ) async throws -> Value {
        try await writer.with { [self] in try commit(on: $0, at: now, answered: answered, change) }
    }

    /// The same, on the writer's thread.
    func commit<Value>(
        on connection: any SQLConnection, at now: Timestamp, answered: Duration,
        _ change: (any SQLConnection, inout DeltaWriter) throws -> Value
    ) throws -> Value {
        let recipients = recipients
        let (value, set, begun) = try transaction(connection) { begun in
            var deltas = try DeltaWriter(connection: connection, head: begun.head.seq, now: now, steady: clock.now)
            let value = try change(connection, &deltas)
            try connection.enqueue(deltas.written, for: recipients, at: now, due: clock.now)
            let lost = try deltas.finish(keepingAtMost: engine.limits, due: clock.now)
            return (
                value,
                ChangeSet(
                    deltas: deltas.written, wordings: deltas.wordings, answered: answered, lostDeliveries: lost),
                begun.head
            )
        }
        guard !set.deltas.isEmpty else { return value }
        // What others have committed before comes first. If it cannot be read now, it is told later, and these deltas after it.
        if begun == head || (try? catchUp(on: connection, before: set.first)) == true { tell(set) }
        return value
    }

    private func tell(_ set: ChangeSet) {
        engine.note(told: set.last)
        let observer = state.withLock { state in
            state.position.head = LogHead(epoch: state.position.head.epoch, seq: set.last)
            return state.observer
        }
        observer?(set)
    }
}

extension SessionStore {
    /// How many deltas of other instances are told at once.
    private static let mostDeltas: Int64 = 500

    /// Tells what other instances have committed.
    func catchUp() async throws {
        try await writer.with { [self] connection in
            _ = try health.reading(connection) { try catchUp(on: connection) }
            health.noteWorks()
        }
    }

    /// Tells what other instances have committed, up to the delta before `end`. Returns whether all of it is told now.
    private func catchUp(on connection: any SQLConnection, before end: Int64 = .max) throws -> Bool {
        let log = try connection.first("SELECT epoch, head, writes, origin FROM log") {
            (head: LogHead(epoch: $0.text(0), seq: $0.int(1)), writes: Int($0.int(2)), origin: $0.int(3))
        }
        guard let log else { throw StoreError.refused("the table log is empty") }
        let before = position
        if log.head.epoch != before.head.epoch {
            restart(at: log.head, origin: log.origin)
        } else {
            let last = min(log.head.seq, end - 1)
            while head.seq < last {
                let deltas = try connection.deltas(after: head.seq, upTo: last, limit: Self.mostDeltas)
                guard deltas.first?.seq == head.seq + 1 else {
                    restart(at: log.head, origin: log.origin)
                    break
                }
                tell(ChangeSet(deltas: deltas, wordings: [], answered: nil))
            }
        }
        if log.writes != before.writes {
            known.withLock { $0 = KnownTexts() }
            let others = state.withLock { state in
                state.position.writes = log.writes
                return state.others
            }
            others.written()
        }
        return head.epoch == log.head.epoch && head.seq == min(log.head.seq, end - 1)
    }

    private func restart(at head: LogHead, origin: Int64) {
        known.withLock { $0 = KnownTexts() }
        let others = state.withLock { state in
            state.position.head = head
            state.origin = origin
            return state.others
        }
        others.restarted(head)
    }
}

/// The state of a store. It is another one after each transaction that has changed anything.
struct StorePosition: Sendable, Equatable {
    var writes: Int
    var head: LogHead
}

extension SQLConnection {
    /// Begins a new epoch: the sessions stay, and numbers of the earlier epoch lose their meaning.
    ///
    /// It starts at the present time in milliseconds, which is above every number of an earlier epoch: no log grows by a
    /// thousand deltas a second for its whole life. If the clock went back, the highest known number of the earlier epoch is
    /// used.
    func beginEpoch(above earlier: Int64, now: Timestamp) throws -> LogHead {
        let head = LogHead(epoch: String(randomToken().prefix(16)), seq: max(now.milliseconds, earlier))
        // Pending deliveries are kept when their log is removed.
        try keepBodies(ofDeliveriesUpTo: .max)
        try run("DELETE FROM delta")
        // A store that replaces a newer one does not know what has been done since then.
        try dropWaitingDecisions("the store was restored", at: now)
        try run(
            "UPDATE log SET epoch = ?, origin = ?, head = ?, mark = NULL, earlier_mark = NULL",
            .text(head.epoch), .integer(head.seq), .integer(head.seq))
        return head
    }
}
