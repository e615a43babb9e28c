// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// What the daemon knows: every session's newest text, and the log of how it came about.
///
/// A session's row and the delta that tells of it commit together, so neither can be seen without the other. There is one writer;
/// a file has a second connection for readers, which see the last commit while the next one is under way.
final class ChangeLog: Sendable {
    /// Called with every change set, in the order of commits, on the writer's thread: must not block.
    typealias Observer = @Sendable (ChangeSet) -> Void

    let writer: SQLiteDatabase
    let reader: SQLiteDatabase
    /// The number below the epoch's first delta.
    let origin: Int64
    private let location: StoreLocation
    private let lock: StoreLock?
    private let state: Mutex<State>

    private struct State {
        var head: LogHead
        var observer: Observer?
        var recipients: [Recipient] = []
    }

    /// Opens the log, and makes its tables or brings them up to date.
    ///
    /// - Parameter lock: the right to use the file, kept until the log is closed.
    /// - Throws: `MigrationError` where the file is not ours or of a newer version, else `SQLiteError`.
    init(at location: StoreLocation, lock: StoreLock? = nil, now: Timestamp) async throws {
        self.location = location
        self.lock = lock
        let migrator = Migrator(applicationID: Schema.applicationID, migrations: Schema.migrations)
        switch location {
        case .file(let path):
            writer = try await SQLiteDatabase(path: path, mode: .readWriteCreate) { connection in
                // The check comes first: a file that is not ours is not even switched to a write-ahead log.
                _ = try migrator.version(of: connection)
                try connection.useWriteAheadLog()
                try migrator.migrate(connection)
            }
            reader = try await SQLiteDatabase(path: path, mode: .readOnly)
        case .memory:
            writer = try await SQLiteDatabase(path: ":memory:", mode: .readWriteCreate) { try migrator.migrate($0) }
            reader = writer
        }
        let head = try await writer.with { connection in
            try connection.transaction { try LogHead.load(from: connection, now: now) }
        }
        origin = try await writer.with { try $0.first("SELECT origin FROM log") { $0.int(0) } ?? head.seq }
        state = Mutex(State(head: head))
    }

    /// The newest position that has committed.
    var head: LogHead { state.withLock(\.head) }

    /// How often the storage has failed since the start.
    var failureCount: UInt64 { writer.failureCount + (reader === writer ? 0 : reader.failureCount) }

    /// Hands every later change set to `observer`.
    func follow(_ observer: @escaping Observer) {
        state.withLock { $0.observer = observer }
    }

    /// From the next commit on every delta is also put into the outbox for those of `recipients` that want it.
    ///
    /// To be called on the writer's thread, so that no commit falls between two lists.
    func setRecipients(_ recipients: [Recipient]) {
        state.withLock { $0.recipients = recipients }
    }

    /// Adds nothing more to the outbox for an endpoint; to be called on the writer's thread too.
    func removeRecipient(_ endpoint: Int64) {
        state.withLock { $0.recipients.removeAll { $0.endpoint == endpoint } }
    }

    /// Who is sent every delta.
    var recipients: [Recipient] { state.withLock(\.recipients) }

    /// Closes the file, which then stands alone: the write-ahead log has been folded into it.
    func close() async {
        if reader !== writer { try? await reader.close() }
        try? await writer.close()
    }

    /// Runs `change` in one transaction that numbers its deltas, then tells the observer.
    ///
    /// Nothing is told before the commit, and nothing at all of a transaction that fails.
    ///
    /// - Parameter answered: when the API's answer that tells of the change had been read, on the monotonic clock.
    func commit<Value: Sendable>(
        at now: Timestamp, answered: Duration = .monotonic,
        _ change: @escaping @Sendable (SQLiteConnection, inout DeltaWriter) throws -> Value
    ) async throws -> Value {
        try await writer.with { [self] connection in
            let recipients = recipients
            let (value, set) = try connection.transaction {
                var deltas = try DeltaWriter(connection: connection, head: head.seq, now: now)
                let value = try change(connection, &deltas)
                try connection.enqueue(deltas.written, for: recipients, at: now)
                let lost = try deltas.finish(keepingAtMost: location.limits)
                return (
                    value,
                    ChangeSet(deltas: deltas.written, moves: deltas.moves, answered: answered, lostDeliveries: lost)
                )
            }
            if !set.deltas.isEmpty { tell(set) }
            return value
        }
    }

    private func tell(_ set: ChangeSet) {
        let observer = state.withLock { state in
            state.head = LogHead(epoch: state.head.epoch, seq: set.last)
            return state.observer
        }
        observer?(set)
    }
}

extension LogHead {
    /// The head of an existing log, or of the new epoch that a new one begins.
    ///
    /// A new epoch starts at the present time in milliseconds, which lies above every number an earlier epoch can have reached:
    /// no log grows by a thousand deltas a second for as long as it lives.
    fileprivate static func load(from connection: SQLiteConnection, now: Timestamp) throws -> LogHead {
        if let head = try connection.first(
            "SELECT epoch, head FROM log", [], { LogHead(epoch: $0.text(0), seq: $0.int(1)) })
        {
            return head
        }
        let head = LogHead(epoch: String(randomToken().prefix(16)), seq: now.milliseconds)
        try connection.run(
            "INSERT INTO log (one, epoch, origin, head) VALUES (1, ?, ?, ?)",
            .text(head.epoch), .integer(head.seq), .integer(head.seq))
        return head
    }
}
