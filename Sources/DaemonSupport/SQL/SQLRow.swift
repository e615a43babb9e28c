// SPDX-License-Identifier: Apache-2.0

/// What an engine reads from the row on which a statement stands.
protocol SQLRowSource {
    func int(_ column: Int32) -> Int64
    func double(_ column: Int32) -> Double
    func text(_ column: Int32) -> String
    func blob(_ column: Int32) -> [UInt8]
    func append(_ column: Int32, to bytes: inout [UInt8])
    func isNull(_ column: Int32) -> Bool
    func value(_ column: Int32) -> SQLValue
}

/// The row on which a statement stands. Valid only inside the closure that gets it; columns count from 0.
///
/// NULL reads as 0 or empty. A column read as another kind than it has is a fault of the caller: SQLite converts it, PostgreSQL
/// traps in debug builds and reads 0 or empty in others.
public struct SQLRow {
    let source: any SQLRowSource

    /// The column as an integer.
    public func int(_ column: Int32) -> Int64 { source.int(column) }

    /// The column as a floating-point number.
    public func double(_ column: Int32) -> Double { source.double(column) }

    /// The column as text.
    public func text(_ column: Int32) -> String { source.text(column) }

    /// The column as bytes.
    public func blob(_ column: Int32) -> [UInt8] { source.blob(column) }

    /// Appends the column's bytes, without an array of their own.
    public func append(_ column: Int32, to bytes: inout [UInt8]) { source.append(column, to: &bytes) }

    /// Whether the column is NULL.
    public func isNull(_ column: Int32) -> Bool { source.isNull(column) }

    /// The column in the kind that it has.
    public func value(_ column: Int32) -> SQLValue { source.value(column) }

    /// The column as an integer, `nil` for NULL.
    public func intOrNil(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

    /// The column as text, `nil` for NULL.
    public func textOrNil(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// The column as bytes, `nil` for NULL.
    public func blobOrNil(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : blob(column) }
}
