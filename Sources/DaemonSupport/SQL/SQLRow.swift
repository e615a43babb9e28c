// SPDX-License-Identifier: Apache-2.0

/// The row on which a statement stands. Valid only inside the closure that gets it; columns count from 0.
///
/// NULL reads as 0 or empty. A column read as another kind than it has is a fault of the caller: SQLite converts it, PostgreSQL
/// traps in debug builds and reads 0 or empty in others.
public struct SQLRow {
    enum Source {
        case sqlite(SQLiteRow)
        case postgreSQL(PostgreSQLRow)
    }

    let source: Source

    /// The column as an integer.
    public func int(_ column: Int32) -> Int64 {
        switch source {
        case .sqlite(let row): row.int(column)
        case .postgreSQL(let row): row.int(column)
        }
    }

    /// The column as a floating-point number.
    public func double(_ column: Int32) -> Double {
        switch source {
        case .sqlite(let row): row.double(column)
        case .postgreSQL(let row): row.double(column)
        }
    }

    /// The column as text.
    public func text(_ column: Int32) -> String {
        switch source {
        case .sqlite(let row): row.text(column)
        case .postgreSQL(let row): row.text(column)
        }
    }

    /// The column as bytes.
    public func blob(_ column: Int32) -> [UInt8] {
        switch source {
        case .sqlite(let row): row.blob(column)
        case .postgreSQL(let row): row.blob(column)
        }
    }

    /// Appends the column's bytes, without an array of their own.
    public func append(_ column: Int32, to bytes: inout [UInt8]) {
        switch source {
        case .sqlite(let row): row.append(column, to: &bytes)
        case .postgreSQL(let row): row.append(column, to: &bytes)
        }
    }

    /// Whether the column is NULL.
    public func isNull(_ column: Int32) -> Bool {
        switch source {
        case .sqlite(let row): row.isNull(column)
        case .postgreSQL(let row): row.isNull(column)
        }
    }

    /// The column as an integer, `nil` for NULL.
    public func intOrNil(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

    /// The column as text, `nil` for NULL.
    public func textOrNil(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// The column as bytes, `nil` for NULL.
    public func blobOrNil(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : blob(column) }
}
