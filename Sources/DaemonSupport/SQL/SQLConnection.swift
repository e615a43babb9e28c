// SPDX-License-Identifier: Apache-2.0

/// The words in which engines differ.
public enum SQLDialect: Sendable {
    case sqlite, postgreSQL
}

/// One connection to a database of either engine. It belongs to one thread or actor at a time.
///
/// Statements are written once for both: `?` or `?1` for a value, standard SQL otherwise. Where the engines have no common words,
/// ``dialect`` decides.
public protocol SQLConnection: AnyObject {
    var dialect: SQLDialect { get }

    /// Runs one statement or many, without values.
    func execute(_ sql: String) throws

    /// Runs one statement to its end. It stays prepared for its next use.
    func run(_ sql: String, _ values: [SQLValue]) throws

    /// Steps through the rows until `row` answers false.
    func forEach(_ sql: String, _ values: [SQLValue], _ row: (SQLRow) throws -> Bool) throws

    /// Runs `body` in one transaction; nothing of it stays if it, or the commit, throws. Transactions do not nest.
    func transaction<T>(_ body: () throws -> T) throws -> T

    /// How many rows the last INSERT, UPDATE or DELETE touched.
    var changes: Int { get }

    /// How many rows all INSERTs, UPDATEs and DELETEs since the connection was made have touched.
    var totalChanges: Int { get }
}

extension SQLConnection {
    /// Runs one statement to its end. It stays prepared for its next use.
    public func run(_ sql: String, _ values: SQLValue...) throws {
        try run(sql, values)
    }

    /// Steps through the rows of a statement without values until `row` answers false.
    public func forEach(_ sql: String, _ row: (SQLRow) throws -> Bool) throws { try forEach(sql, [], row) }

    /// What `row` makes of each row, in order.
    public func query<T>(_ sql: String, _ values: [SQLValue] = [], _ row: (SQLRow) throws -> T) throws -> [T] {
        var results: [T] = []
        try forEach(sql, values) { current in
            results.append(try row(current))
            return true
        }
        return results
    }

    /// What `row` makes of the first row; `nil` if there is none.
    public func first<T>(_ sql: String, _ values: [SQLValue] = [], _ row: (SQLRow) throws -> T) throws -> T? {
        var result: T?
        try forEach(sql, values) { current in
            result = try row(current)
            return false
        }
        return result
    }
}
