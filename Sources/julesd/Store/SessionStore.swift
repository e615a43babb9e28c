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

    let writer: SQLiteDatabase
    let reader: SQLiteDatabase
    /// One less than the number of the epoch's first delta.
    let origin: Int64
    /// The clock for waits and ages.
    let clock: SteadyClock
    let health = StoreHealth()
    /// Whether the file is not the one that the last run left in its folder, so that a new epoch has begun.
    let isReplaced: Bool
    let location: StoreLocation
    /// The bytes of activities at the last count, and of those stored since. What was removed since then still counts.
    let activityBytes = Mutex<Int64>(0)
    /// Only the writer's thread uses it.
    let known = Mutex(KnownTexts())
    private let writeCount = Atomic(0)
    /// The file was opened without a check.
    private let isUnchecked: Bool
    private let checking = Mutex<Task<Bool, Never>?>(nil)
    private let claim: StoreOwnership?
    private let state: Mutex<State>

    private struct State {
        var head: LogHead
        var observer: Observer?
        var recipients: [Recipient] = []
    }

    /// When a file is checked for damage.
    enum Check: Sendable {
        /// Before anything else.
        case first
        /// By ``isSound()``, while the store is in use, if the file is as the last run left it. Until then everything that is written
        /// stays in the write-ahead log.
        case later
    }

    /// Opens the store, and creates or migrates its tables. A damaged file is not written to.
    ///
    /// - Parameters:
    ///   - claim: the right to use the file, kept until the store is closed; `nil` for a verb that opens the store of a
    ///     running daemon.
    ///   - now: the wall clock's time.
    ///   - snapshot: called before a migration, with the file and its version.
    ///   - clocks: reads the kernel's clocks.
    /// - Throws: `MigrationError` if the file is not ours or has a newer version, else `SQLiteError` or `StoreError`.
    init(
        at location: StoreLocation, claim: StoreOwnership? = nil, migrator: Migrator = Schema.migrator,
        check: Check = .first, now: Timestamp,
        snapshot: @escaping @Sendable (SQLiteConnection, Int) throws -> Void = { _, _ in },
        clocks: @escaping @Sendable () -> ClockReading = ClockReading.now
    ) async throws {
        self.location = location
        self.claim = claim
        switch location {
        case .file(let path):
            writer = try await SQLiteDatabase(path: path, mode: .readWriteCreate)
            isUnchecked = try await writer.with { connection in
                // The checks come first: a file that is not ours or is damaged is not even switched to a write-ahead log.
                let isCurrent = try migrator.version(of: connection) == migrator.latest
                // If the marks cannot be read, the check says why.
                let mayWait = check == .later && isCurrent && (try? claim?.isAsLeft(connection)) ?? false
                if !mayWait { try connection.check() }
                try connection.useWriteAheadLog()
                if mayWait { try connection.checkpointsByItself(false) }
                try migrator.migrate(connection) { try snapshot(connection, $0) }
                return mayWait
            }
            reader = try await SQLiteDatabase(path: path, mode: .readOnly)
        case .memory:
            writer = try await SQLiteDatabase(path: ":memory:", mode: .readWriteCreate) { try migrator.migrate($0) }
            reader = writer
            isUnchecked = false
        }
        let start = try await writer.with { connection in
            try connection.transaction {
                let loaded = try LogHead.load(from: connection, above: claim?.earlier?.told ?? 0, now: now)
                return try claim?.begin(connection, loaded, now: now)
                    ?? .init(head: loaded.head, mark: .fresh(told: 0), isReplaced: false, mayWait: true)
            }
        }
        try await writer.with { [isUnchecked] in try claim?.finish(start, $0, isCheckpointedLater: isUnchecked) }
        clock = SteadyClock(after: try await writer.with { try $0.steadyMark() }, read: clocks)
        isReplaced = start.isReplaced
        origin = try await writer.with { try $0.first("SELECT origin FROM log") { $0.int(0) } ?? start.head.seq }
        state = Mutex(State(head: start.head))
    }

    /// The newest committed position.
    var head: LogHead { state.withLock(\.head) }

    /// The number of transactions since the start that changed something. While it is the same, earlier reads still hold.
    var writes: Int { writeCount.load(ordering: .acquiring) }

    /// The state of the store. What is read after this call stays right as long as the position is the same.
    var position: StorePosition {
        // In this order: a delta changes the head last, so a new head never comes with the number of before.
        let writes = writes
        return StorePosition(writes: writes, head: head)
    }

    /// How many times the storage has failed since the start.
    var failureCount: UInt64 { writer.failureCount + (reader === writer ? 0 : reader.failureCount) }

    /// Calls `observer` with every later change set.
    func follow(_ observer: @escaping Observer) {
        state.withLock { $0.observer = observer }
    }

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

    /// Whether the file is undamaged. If it has not been checked yet, that is done now, on its own thread. Then the write-ahead log is
    /// checkpointed.
    func isSound() async -> Bool {
        guard isUnchecked, case .file(let path) = location, !health.isDamaged else { return !health.isDamaged }
        return await checking.withLock { checking in
            let task = checking ?? Task { await check(path) }
            checking = task
            return task
        }.value
    }

    private func check(_ path: String) async -> Bool {
        let result = await onThread { Result { try SQLiteConnection(path: path, mode: .readOnly).check() } }
        do { try result?.get() } catch {
            if let error = error as? SQLiteError { health.note(unsound: error) }
            return false
        }
        // If that fails, ``health`` reports it, and a later commit checkpoints the log.
        try? await writer.with { [health, claim] connection in
            try connection.checkpointsByItself(true)
            try health.writing(connection) { try claim?.checkpoint(connection) }
        }
        return true
    }

    /// Closes the file, which is then complete by itself: the write-ahead log has been checkpointed. A damaged file is not
    /// changed.
    func close() async {
        let isSound = await isSound()
        if reader !== writer { try? await reader.close() }
        if isSound { try? await writer.close() } else { await writer.abandon() }
        claim?.release()
    }

    /// Runs `body`, which only reads.
    func read<Value: Sendable>(_ body: @escaping @Sendable (SQLiteConnection) throws -> Value) async throws -> Value {
        try await reader.with { [health] connection in try health.reading(connection) { try body(connection) } }
    }

    /// Runs `body`, which only reads. All of it sees one state of the store.
    func readAtOnce<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws -> Value {
        try await read { connection in try connection.transaction { try body(connection) } }
    }

    /// Runs `body` in one transaction.
    ///
    /// - Parameter committed: called on the writer's thread, before anything else is written.
    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Value {
        try await writer.with { [self] connection in
            let value = try transaction(connection) { try body(connection) }
            committed(value)
            return value
        }
    }

    /// Runs one transaction, which carries the file's mark if it changes anything (``StoreMark``).
    private func transaction<Value>(_ connection: SQLiteConnection, _ body: () throws -> Value) throws -> Value {
        try health.writing(connection) {
            let before = connection.totalChanges
            let value = try connection.transaction {
                let value = try body()
                // After an error, a transaction without changes would not show that the store works again.
                if connection.totalChanges != before || health.trouble != nil {
                    try connection.note(clock.mark)
                }
                return value
            }
            if connection.totalChanges != before { writeCount.add(1, ordering: .releasing) }
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
        _ change: @escaping @Sendable (SQLiteConnection, inout DeltaWriter) throws -> Value
    ) async throws -> Value {
        try await writer.with { [self] in try commit(on: $0, at: now, answered: answered, change) }
    }

    /// The same, on the writer's thread.
    func commit<Value>(
        on connection: SQLiteConnection, at now: Timestamp, answered: Duration,
        _ change: (SQLiteConnection, inout DeltaWriter) throws -> Value
    ) throws -> Value {
        let recipients = recipients
        let (value, set) = try transaction(connection) {
            var deltas = try DeltaWriter(connection: connection, head: head.seq, now: now, steady: clock.now)
            let value = try change(connection, &deltas)
            try connection.enqueue(deltas.written, for: recipients, at: now, due: clock.now)
            let lost = try deltas.finish(keepingAtMost: location.limits, due: clock.now)
            return (
                value,
                ChangeSet(
                    deltas: deltas.written, wordings: deltas.wordings, answered: answered, lostDeliveries: lost)
            )
        }
        if !set.deltas.isEmpty { tell(set) }
        return value
    }

    private func tell(_ set: ChangeSet) {
        claim?.note(told: set.last)
        let observer = state.withLock { state in
            state.head = LogHead(epoch: state.head.epoch, seq: set.last)
            return state.observer
        }
        observer?(set)
    }
}

/// The state of a store. It is another one after each transaction that has changed anything.
struct StorePosition: Sendable, Equatable {
    let writes: Int
    let head: LogHead
}

extension LogHead {
    /// The head of an existing log, or of the new epoch of a new log.
    fileprivate static func load(
        from connection: SQLiteConnection, above earlier: Int64, now: Timestamp
    ) throws -> (head: LogHead, isNew: Bool) {
        if let head = try connection.first(
            "SELECT epoch, head FROM log", [], { LogHead(epoch: $0.text(0), seq: $0.int(1)) })
        {
            return (head, false)
        }
        try connection.run("INSERT INTO log (one, epoch, origin, head) VALUES (1, '', 0, 0)")
        return (try connection.beginEpoch(above: earlier, now: now), true)
    }
}

extension SQLiteConnection {
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
