// SPDX-License-Identifier: Apache-2.0

/// A value of a statement, in one of the kinds that every engine here knows.
public enum SQLValue: Sendable, Hashable {
    case null
    /// A signed integer of 64 bits.
    case integer(Int64)
    /// A floating-point number of 64 bits.
    case real(Double)
    /// UTF-8 text. PostgreSQL cannot hold U+0000 in it, and gets U+FFFD instead.
    case text(String)
    /// Bytes.
    case blob([UInt8])
}

extension SQLValue {
    /// Text, or NULL for `nil`.
    public init(_ text: String?) { self = text.map(Self.text) ?? .null }
    /// An integer, or NULL for `nil`.
    public init(_ integer: Int64?) { self = integer.map(Self.integer) ?? .null }
}
