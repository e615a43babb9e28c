// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// A store in a file or in memory, which this process alone writes.
final class SQLiteEngine: StoreEngine {
    /// When a file is checked for damage.
    enum Check: Sendable {
        /// Before anything else.
        case first
        /// By ``isSound(_:)``, while the store is in use, if the file is as the last run left it. Until then everything that is
        /// written stays in the write-ahead log.
        case later
    }

    let clock: SteadyClock
    let limits: StoreLocation.Limits?
    private let file: SQLiteDatabase
    private let readers: SQLiteDatabase
    private let path: String
    /// The file was opened without a check.
    private let isUnchecked: Bool
    private let checking = Mutex<Task<Bool, Never>?>(nil)
    private let claim: StoreOwnership?

    var wallNow: Timestamp { .now }
    var writer: any SQLDatabase { file }
    var reader: any SQLDatabase { readers }

    private init(
        _ file: SQLiteDatabase, _ readers: SQLiteDatabase, path: String, limits: StoreLocation.Limits?,
        isUnchecked: Bool, claim: StoreOwnership?, clock: SteadyClock
    ) {
        self.file = file
        self.readers = readers
        self.path = path
        self.limits = limits
        self.isUnchecked = isUnchecked
        self.claim = claim
        self.clock = clock
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
    static func open(
        at location: StoreLocation, claim: StoreOwnership?, migrator: Migrator, check: Check, now: Timestamp,
        snapshot: @escaping @Sendable (SQLiteConnection, Int) throws -> Void,
        clocks: @escaping @Sendable () -> ClockReading
    ) async throws -> OpenedStore {
        let writer: SQLiteDatabase
        let reader: SQLiteDatabase
        var path = ":memory:"
        let isUnchecked: Bool
        switch location {
        case .file(let file):
            path = file
            writer = try await SQLiteDatabase(path: path, mode: .readWriteCreate)
            isUnchecked = try await writer.withConnection { connection in
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
            writer = try await SQLiteDatabase(path: path, mode: .readWriteCreate) { try migrator.migrate($0) }
            reader = writer
            isUnchecked = false
        }
        let start = try await writer.withConnection { connection in
            try connection.transaction {
                let loaded = try LogHead.load(from: connection, above: claim?.earlier?.told ?? 0, now: now)
                return try claim?.begin(connection, loaded, now: now)
                    ?? .init(head: loaded.head, mark: .fresh(told: 0), isReplaced: false, mayWait: true)
            }
        }
        try await writer.withConnection { try claim?.finish(start, $0, isCheckpointedLater: isUnchecked) }
        let (mark, origin) = try await writer.with { connection in
            (try connection.steadyMark(), try connection.first("SELECT origin FROM log") { $0.int(0) })
        }
        let engine = SQLiteEngine(
            writer, reader, path: path, limits: location.limits, isUnchecked: isUnchecked, claim: claim,
            clock: SteadyClock(after: mark, read: clocks))
        return OpenedStore(
            engine: engine, head: start.head, origin: origin ?? start.head.seq, isReplaced: start.isReplaced)
    }

    /// Nobody else writes.
    func begin(_ connection: any SQLConnection, known: StorePosition) -> StorePosition { known }

    func finish(_ connection: any SQLConnection) {}

    func note(told seq: Int64) { claim?.note(told: seq) }

    func size(_ connection: any SQLConnection) throws -> (kind: String, bytes: Int64) {
        let bytes = try connection.first("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") {
            $0.int(0)
        }
        return (limits == nil ? "sqlite" : "memory", bytes ?? 0)
    }

    /// Checks a file that has not been checked yet, on a thread of its own. Then the write-ahead log is checkpointed.
    func isSound(_ health: StoreHealth) async -> Bool {
        guard isUnchecked, !health.isDamaged else { return !health.isDamaged }
        return await checking.withLock { checking in
            let task = checking ?? Task { await check(health) }
            checking = task
            return task
        }.value
    }

    private func check(_ health: StoreHealth) async -> Bool {
        let result = await onThread { [path] in
            Result { try SQLiteConnection(path: path, mode: .readOnly).check() }
        }
        do { try result?.get() } catch {
            if let error = error as? SQLiteError { health.note(unsound: error) }
            return false
        }
        // If that fails, `health` reports it, and a later commit checkpoints the log.
        try? await file.withConnection { [claim] connection in
            try connection.checkpointsByItself(true)
            try health.writing(connection) { try claim?.checkpoint(connection) }
        }
        return true
    }

    /// Closes the file, which is then complete by itself: the write-ahead log has been checkpointed.
    func close(_ health: StoreHealth) async {
        let isSound = await isSound(health)
        if readers !== file { try? await readers.close() }
        if isSound { try? await file.close() } else { await file.abandon() }
        claim?.release()
    }
}

extension LogHead {
    /// The head of an existing log, or of the new epoch of a new log.
    static func load(
        from connection: any SQLConnection, above earlier: Int64, now: Timestamp
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
