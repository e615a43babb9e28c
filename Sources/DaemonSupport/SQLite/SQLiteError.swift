// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// An error of SQLite, with the statement that caused it. Bound values are never part of it.
public struct SQLiteError: StorageError, Equatable {
    /// The extended result code (<https://www.sqlite.org/rescode.html>).
    public let code: Int32
    /// SQLite's own message.
    public let message: String
    /// The statement; `nil` if the error belongs to none.
    public let sql: String?
    /// The database file, or `:memory:`.
    public let path: String

    /// An error with these parts.
    public init(code: Int32, message: String, sql: String? = nil, path: String) {
        self.code = code
        self.message = message
        self.sql = sql
        self.path = path
    }

    /// The primary result code
    /// (<https://www.sqlite.org/rescode.html#primary_result_codes_versus_extended_result_codes>).
    public var primaryCode: Int32 { code & 0xFF }
    /// The file is damaged or is not a database. Only a backup helps.
    public var isCorruption: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }
    /// A UNIQUE, CHECK, NOT NULL or foreign key constraint was violated. Nothing was written.
    public var isConstraint: Bool { primaryCode == SQLITE_CONSTRAINT }

    /// The error is in the statement or its use. The file and the disk are fine.
    public var isFaultOfCaller: Bool {
        [SQLITE_ERROR, SQLITE_INTERNAL, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_MISUSE, SQLITE_RANGE].contains(
            primaryCode)
    }

    /// The error as a clause for a log.
    public var description: String {
        "\(path): \(message) (SQLite code \(code))" + (sql.map { " in: \($0)" } ?? "")
    }

    static func closed(_ path: String, sql: String? = nil) -> SQLiteError {
        SQLiteError(code: SQLITE_MISUSE, message: "the database is closed", sql: sql, path: path)
    }
}
