// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// One connection to a database file. Only one thread or actor may use it at a time; ``SQLiteDatabase`` can be shared.
///
/// Foreign keys are enforced. SQL inside the schema is not trusted. A commit is on the disk before it returns
/// (synchronous = FULL).
public final class SQLiteConnection: SQLConnection {
    /// SQLite's words.
    public let dialect = SQLDialect.sqlite
    /// What the connection may do with the file.
    public enum Mode: Sendable {
        case readWriteCreate
        case readWrite
        case readOnly
        /// Reads only the database file, ignores a write-ahead log beside it and creates no files. Nobody may write
        /// meanwhile.
        case alone
    }

    /// The path of the file, or `:memory:`.
    public let path: String
    private let mode: Mode
    /// How long a statement waits for locks of other connections, in milliseconds.
    private static let lockTimeout: Int32 = 5_000
    /// `nil` after the connection is closed.
    private(set) var handle: OpaquePointer?
    private(set) var statements = StatementCache(capacity: 64)

    /// Opens `path`. The database `":memory:"` exists as long as the connection.
    ///
    /// - Throws: `SQLiteError`, also if the file is not a database.
    public init(path: String, mode: Mode) throws(SQLiteError) {
        self.path = path
        self.mode = mode
        let access =
            switch mode {
            case .readWriteCreate: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            case .alone: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            }
        let name = mode == .alone ? Self.immutable(path) : path
        // No mutex is needed: the owner makes one call at a time.
        let code = sqlite3_open_v2(name, &handle, access | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK else { throw failure() }
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, Self.lockTimeout)
        // Closing alone must not write to the file, because the file may be damaged.
        sqlite_shim_checkpoint_on_close(handle, 0)
        try execute("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL")
    }

    deinit {
        statements.removeAll()
        sqlite3_close(handle)
    }

    /// Switches the file to write-ahead logging, so that readers and the writer do not wait for each other.
    ///
    /// The file keeps this mode, so an application calls this only after it knows that the file is its own.
    ///
    /// - Throws: `SQLiteError` if the file cannot be written.
    public func useWriteAheadLog() throws(SQLiteError) {
        // Without a limit the log would keep its largest size for ever.
        try execute("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216")
    }

    /// Says whether a commit may checkpoint a long write-ahead log (SQLite's default: one of 1,000 pages).
    public func checkpointsByItself(_ isAllowed: Bool) throws(SQLiteError) {
        try execute("PRAGMA wal_autocheckpoint = \(isAllowed ? 1000 : 0)")
    }

    /// Moves the write-ahead log into the file and closes the connection. The file alone is then the whole database.
    ///
    /// If the log cannot be moved, for example because others still read, it stays beside the file and nothing is lost.
    ///
    /// - Throws: `SQLiteError` if the connection cannot be closed.
    public func close() throws(SQLiteError) {
        guard handle != nil else { return }
        statements.removeAll()
        if mode == .readWrite || mode == .readWriteCreate {
            try? execute("PRAGMA wal_checkpoint(TRUNCATE)")
            // The last connection removes the log when it closes, but only with this setting.
            sqlite_shim_checkpoint_on_close(handle, 1)
        }
        guard sqlite3_close(handle) == SQLITE_OK else { throw failure() }
        handle = nil
    }

    /// Moves the write-ahead log into the file and empties it. Does not wait for other connections.
    ///
    /// - Returns: whether the log was emptied.
    /// - Throws: `SQLiteError` if SQLite reports an error other than a busy database.
    public func emptyLog() throws -> Bool {
        sqlite3_busy_timeout(handle, 0)
        defer { sqlite3_busy_timeout(handle, Self.lockTimeout) }
        return try first("PRAGMA wal_checkpoint(TRUNCATE)") { $0.int(0) == 0 } ?? false
    }

    /// Checks the whole file for damage, except that indexes are not compared with their tables (PRAGMA quick_check).
    ///
    /// - Returns: the first damage found; `nil` if there is none.
    /// - Throws: `SQLiteError` if the file cannot be read.
    public func damage() throws -> SQLiteError? {
        let found = try first("PRAGMA quick_check(1)") { $0.text(0) } ?? "no answer"
        if found == "ok" { return nil }
        // quick_check reports a page that cannot be read like damage, but with the code of the read error.
        let label = found.firstRange(of: "error code=")
        let code = label.flatMap { Int32(found[$0.upperBound...].prefix(while: \.isNumber)) }
        if let code, code & 0xFF == SQLITE_IOERR { throw SQLiteError(code: code, message: found, path: path) }
        return SQLiteError(code: SQLITE_CORRUPT, message: found, path: path)
    }

    /// Throws the damage that ``damage()`` finds.
    public func check() throws {
        if let damage = try damage() { throw damage }
    }

    /// The problems that PRAGMA integrity_check finds, at most 20; empty for a sound file.
    public func integrityProblems() throws -> [String] {
        let found = try query("PRAGMA integrity_check(20)") { $0.text(0) }
        return found == ["ok"] ? [] : found
    }

    /// Runs one or more statements without bound values.
    ///
    /// - Throws: `SQLiteError` of the first statement that fails.
    public func execute(_ sql: String) throws(SQLiteError) {
        guard sqlite3_exec(try open(sql), sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
    }

    /// Runs one statement to its end. It stays prepared for later calls.
    ///
    /// - Throws: `SQLiteError` if the statement fails.
    public func run(_ sql: String, _ values: [SQLValue]) throws(SQLiteError) {
        let statement = try bound(sql, values)
        defer { giveBack(statement) }
        while try step(statement) {}
    }

    /// Runs a query and calls `row` for each row until it returns false.
    public func forEach(
        _ sql: String, _ values: [SQLValue], _ row: (SQLRow) throws -> Bool
    ) throws {
        let statement = try bound(sql, values)
        defer { giveBack(statement) }
        while try step(statement), try row(SQLRow(source: SQLiteRow(statement: statement.pointer))) {}
    }

    /// Runs `body` in one transaction, which holds the write lock from its start. If `body` or the commit throws, all
    /// its changes are undone.
    ///
    /// Transactions do not nest. On a read-only connection all of `body` sees the same state of the database.
    public func transaction<T>(_ body: () throws -> T) throws -> T {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // After some errors, such as a full disk, SQLite has rolled back already.
            if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// The number of rows changed since the connection was opened.
    public var totalChanges: Int { Int(sqlite3_total_changes64(handle)) }

    /// The number of rows changed by the last INSERT, UPDATE or DELETE.
    public var changes: Int { Int(sqlite3_changes64(handle)) }

    /// The rowid of the last inserted row.
    public var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// The file as a URI that says that the file does not change (<https://www.sqlite.org/uri.html>).
    private static func immutable(_ path: String) -> String {
        var uri = "file:"
        for byte in path.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.isASCII && (scalar.properties.isAlphabetic || "/0123456789._-".unicodeScalars.contains(scalar))
            let digits = String(byte, radix: 16)
            uri += isPlain ? String(scalar) : "%" + (digits.count < 2 ? "0" : "") + digits
        }
        return uri + "?immutable=1"
    }

    private func bound(_ sql: String, _ values: [SQLValue]) throws(SQLiteError) -> SQLiteStatement {
        let statement = if let idle = statements.take(sql) { idle } else { try prepare(sql) }
        let code = statement.bind(values)
        guard code == SQLITE_OK else {
            giveBack(statement)
            throw SQLiteError(code: code, message: String(cString: sqlite3_errstr(code)), sql: sql, path: path)
        }
        return statement
    }

    private func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        let handle = try open(sql)
        var pointer: OpaquePointer?
        var rest = ""
        let code = sql.withCString { start in
            var tail: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v3(handle, start, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, &tail)
            if let tail { rest = String(cString: tail) }
            return code
        }
        guard code == SQLITE_OK else { throw failure(sql) }
        guard let pointer, rest.allSatisfy({ $0.isWhitespace || $0 == ";" }) else {
            sqlite3_finalize(pointer)
            throw SQLiteError(code: SQLITE_MISUSE, message: "not exactly one statement", sql: sql, path: path)
        }
        return SQLiteStatement(pointer: pointer, sql: sql)
    }

    private func giveBack(_ statement: SQLiteStatement) {
        statement.reset()
        statements.put(statement)
    }

    private func step(_ statement: SQLiteStatement) throws(SQLiteError) -> Bool {
        switch sqlite3_step(statement.pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw failure(statement.sql)
        }
    }

    private func open(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        guard let handle else { throw .closed(path, sql: sql) }
        return handle
    }

    func failure(_ sql: String? = nil) -> SQLiteError {
        SQLiteError(
            code: sqlite3_extended_errcode(handle), message: String(cString: sqlite3_errmsg(handle)), sql: sql,
            path: path)
    }
}
