// SPDX-License-Identifier: Apache-2.0

/// Why PostgreSQL, or the way to it, refused. Bound values never appear in it, nor does the URI, which may hold a password.
public struct PostgreSQLError: StorageError, Equatable {
    /// The server's five characters (<https://www.postgresql.org/docs/current/errcodes-appendix.html>); `nil` if no server answered.
    public let sqlState: String?
    /// The server's or libpq's own sentence.
    public let message: String
    /// The statement, if the failure belongs to one.
    public let sql: String?

    /// An error.
    public init(sqlState: String?, message: String, sql: String? = nil) {
        self.sqlState = sqlState
        self.message = message
        self.sql = sql
    }

    /// The connection is gone or never was, so that nobody knows whether the last statement was carried out. Another attempt may work.
    public var isConnectionLost: Bool {
        guard let sqlState else { return true }
        // Connection exceptions; shutdowns by the administrator; a server that starts or has too many clients.
        return sqlState.hasPrefix("08") || ["57P01", "57P02", "57P03", "53300", "25P03"].contains(sqlState)
    }

    /// A UNIQUE, CHECK, NOT NULL or foreign key rule was broken; nothing was written.
    public var isConstraint: Bool { sqlState?.hasPrefix("23") ?? false }

    /// libpq does not take the URI, or an option in it. Nothing was connected.
    public var isWrongURI: Bool {
        sqlState == nil && ["invalid ", "could not match "].contains(where: message.hasPrefix)
    }

    /// A table, index or sequence of this name exists.
    public var existsAlready: Bool { sqlState == "42P07" }

    /// The role lacks a right, or the password or the database is wrong.
    public var isDenied: Bool {
        guard let sqlState else { return false }
        return ["42501", "3D000", "3F000"].contains(sqlState) || sqlState.hasPrefix("28")
    }

    /// The statement is at fault, or the way it was used.
    public var isFaultOfCaller: Bool {
        guard let sqlState, !isDenied else { return false }
        return isConstraint || sqlState.hasPrefix("42") || sqlState.hasPrefix("22")
    }

    /// Whether the server cannot be reached or takes nothing at present.
    public var isUnavailable: Bool { !isFaultOfCaller }

    /// The failure as a clause for a log. Only an error in a statement shows the statement.
    public var description: String {
        "PostgreSQL: \(message)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "")
            + (sql.map { isFaultOfCaller ? " in: \($0.trimmed)" : "" } ?? "")
    }

    /// libpq quotes a parameter that it does not know. After a password with an `&` that is not written as `%26`, that is its rest.
    func withoutPartOfPassword(in uri: String) -> PostgreSQLError {
        guard message.hasPrefix("invalid URI query parameter"), uri.contains("password=") else { return self }
        return PostgreSQLError(sqlState: nil, message: "invalid URI query parameter", sql: sql)
    }

    static func noLibrary(_ problem: String) -> PostgreSQLError {
        PostgreSQLError(sqlState: nil, message: "libpq cannot be loaded: \(problem); install the package libpq5")
    }

    static func noAnswer(within time: Duration, sql: String? = nil) -> PostgreSQLError {
        PostgreSQLError(sqlState: nil, message: "no answer within \(time)", sql: sql)
    }

    static func closed(sql: String? = nil) -> PostgreSQLError {
        PostgreSQLError(sqlState: nil, message: "the connection is closed", sql: sql)
    }
}
