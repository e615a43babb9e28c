// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// Why SQLite refused, with what it was asked. Bound values never appear in it.
public struct SQLiteError: Error, Equatable, CustomStringConvertible {
    /// The extended result code (<https://www.sqlite.org/rescode.html>).
    public let code: Int32
    /// SQLite's own sentence.
    public let message: String
    /// The statement, where the failure belongs to one.
    public let sql: String?
    /// The database file, or `:memory:`.
    public let path: String

    /// An error.
    public init(code: Int32, message: String, sql: String? = nil, path: String) {
        self.code = code
        self.message = message
        self.sql = sql
        self.path = path
    }

    /// The result code without its extension.
    public var primaryCode: Int32 { code & 0xFF }
    /// The file is damaged, or is no database at all: waiting does not help, a backup does.
    public var isCorruption: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }
    /// Another connection holds what this one needs, for longer than the busy timeout.
    public var isBusy: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED }
    /// The disk or the quota is full.
    public var isFull: Bool { primaryCode == SQLITE_FULL }
    /// The file cannot be opened or written by this user.
    public var isDenied: Bool { [SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH].contains(primaryCode) }
    /// A UNIQUE, CHECK, NOT NULL or foreign key rule was broken; nothing was written.
    public var isConstraint: Bool { primaryCode == SQLITE_CONSTRAINT }

    /// Neither the file nor the disk is at fault, but the statement, or the way it was used.
    public var isFaultOfCaller: Bool {
        [SQLITE_ERROR, SQLITE_INTERNAL, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_MISUSE, SQLITE_RANGE].contains(
            primaryCode)
    }

    /// The failure as a sentence for a log.
    public var description: String {
        "\(path): \(message) (SQLite code \(code))" + (sql.map { " in: \($0)" } ?? "")
    }

    static func closed(_ path: String, sql: String? = nil) -> SQLiteError {
        SQLiteError(code: SQLITE_MISUSE, message: "the database is closed", sql: sql, path: path)
    }
}
