// SPDX-License-Identifier: Apache-2.0

/// A value of one of SQLite's five storage classes (<https://www.sqlite.org/datatype3.html>).
public enum SQLiteValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

extension SQLiteValue {
    /// Text, or NULL for `nil`.
    public init(_ text: String?) { self = text.map(Self.text) ?? .null }
    /// An integer, or NULL for `nil`.
    public init(_ integer: Int64?) { self = integer.map(Self.integer) ?? .null }
}
