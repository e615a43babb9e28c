// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// The current row of a query. Use it only inside the closure that receives it. Columns count from 0.
///
/// A value of another type is converted by SQLite's rules (<https://www.sqlite.org/c3ref/column_blob.html>): NULL
/// becomes 0 or empty.
struct SQLiteRow: SQLRowSource {
    let statement: OpaquePointer

    /// The column as an integer.
    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    /// The column as a floating-point number.
    func double(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }

    /// The column as text.
    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The column as bytes.
    func blob(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    /// Appends the column's bytes, without an array of their own.
    func append(_ column: Int32, to bytes: inout [UInt8]) {
        guard let start = sqlite3_column_blob(statement, column) else { return }
        bytes.append(
            contentsOf: UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    /// Whether the column is NULL.
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    /// The column in the kind that its value has.
    func value(_ column: Int32) -> SQLValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer(int(column))
        case SQLITE_FLOAT: .real(double(column))
        case SQLITE_TEXT: .text(text(column))
        default: .blob(blob(column))
        }
    }
}
