// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Why bytes are not JSON, and at which place.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What was expected instead, such as `a colon`.
    public let expected: String
    /// The place, in bytes from the start.
    public let offset: Int

    /// The error as a clause.
    public var description: String { "not JSON: expected \(expected) at byte \(offset)" }
}

/// Reads JSON text (RFC 8259) and checks it byte by byte, without building values.
///
/// `JSON.init(parsing:)` and `JSONList` both use this scanner, so both refuse the same input. It recurses for each
/// level, so more than ``maximumDepth`` levels are refused.
struct JSONScanner {
    static let maximumDepth = 128

    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Skips white space and returns the next byte without consuming it; `nil` at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    func fail(_ expected: String) -> JSONError { JSONError(expected: expected, offset: position) }

    mutating func consume(_ byte: UInt8, _ name: String) throws(JSONError) {
        guard peek() == byte else { throw fail(name) }
        position += 1
    }

    mutating func consumeEnd() throws(JSONError) {
        if peek() != nil { throw fail("the end") }
    }

    /// Consumes one string and returns the range of its text between the quotes, still escaped.
    mutating func consumeString() throws(JSONError) -> Range<Int> {
        try consume(UInt8(ascii: "\""), "a string")
        let start = position
        while position < bytes.count {
            skipPlainText()
            guard position < bytes.count else { break }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return start..<(position - 1)
            case UInt8(ascii: "\\"): try consumeEscape()
            case 0..<0x20: throw fail("an escaped control character")
            case 0..<0x80: position += 1
            default: try consumeMultibyte()
            }
        }
        throw fail("the end of the string")
    }

    /// Skips plain text of a string, eight bytes at a time, up to the first byte that is something else.
    ///
    /// Below, the top bit of a byte is set if the byte is not plain ASCII, or is a quote, a backslash or a control character:
    /// subtracting 1 from zero, or 32 from a control character, borrows. A borrow may also set the top bit of the next byte, but the
    /// first of these bits is always right.
    private mutating func skipPlainText() {
        let every: UInt64 = 0x0101_0101_0101_0101
        while position + 8 <= bytes.count {
            let text = UInt64(
                littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quote = (text ^ (every &* UInt64(UInt8(ascii: "\"")))) &- every
            let backslash = (text ^ (every &* UInt64(UInt8(ascii: "\\")))) &- every
            let control = text &- every &* 0x20
            let special = (quote | backslash | control | text) & (every &* 0x80)
            guard special == 0 else { return position += special.trailingZeroBitCount / 8 }
            position += 8
        }
    }

    private mutating func consumeEscape() throws(JSONError) {
        position += 1
        guard position < bytes.count else { throw fail("an escape") }
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                position += 1
                guard position < bytes.count, Character(Unicode.Scalar(bytes[position])).isHexDigit else {
                    throw fail("four hexadecimal digits")
                }
            }
            position += 1
        default: throw fail("an escape")
        }
    }

    /// Consumes one well-formed UTF-8 sequence of two to four bytes (Unicode, table 3-7).
    private mutating func consumeMultibyte() throws(JSONError) {
        let lead = bytes[position]
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xE1...0xEC, 0xEE...0xEF: (3, 0x80...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: throw fail("UTF-8")
            }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]),
            (position + 2..<position + length).allSatisfy({ (0x80...0xBF).contains(bytes[$0]) })
        else { throw fail("UTF-8") }
        position += length
    }

    mutating func consumeNumber() throws(JSONError) -> Range<Int> {
        let start = position
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try consumeDigits()
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try consumeDigits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try consumeDigits()
        }
        return start..<position
    }

    private mutating func consumeDigits() throws(JSONError) {
        let start = position
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        while position < bytes.count, digits.contains(bytes[position]) { position += 1 }
        if position == start { throw fail("a digit") }
    }

    mutating func consumeWord(_ word: StaticString) throws(JSONError) {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, text(position..<end, is: word) else { throw fail("a value") }
        position = end
    }

    /// Whether the text at `place` is `word`.
    func text(_ place: Range<Int>, is word: StaticString) -> Bool {
        guard place.count == word.utf8CodeUnitCount, let start = bytes.baseAddress else { return false }
        return memcmp(start + place.lowerBound, word.utf8Start, place.count) == 0
    }

    /// Consumes an object. `member` is called before each value and must consume the value.
    mutating func consumeObject(
        _ member: (inout JSONScanner, Range<Int>) throws(JSONError) -> Void
    ) throws(JSONError) {
        try consume(UInt8(ascii: "{"), "an object")
        if peek() == UInt8(ascii: "}") { return position += 1 }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw fail("a member's name") }
            let name = try consumeString()
            try consume(UInt8(ascii: ":"), "a colon")
            try member(&self, name)
            if peek() == UInt8(ascii: "}") { return position += 1 }
            try consume(UInt8(ascii: ","), "a comma or the end of the object")
        }
    }

    /// Consumes an array. `element` is called before each element and must consume it.
    mutating func consumeArray(_ element: (inout JSONScanner) throws(JSONError) -> Void) throws(JSONError) {
        try consume(UInt8(ascii: "["), "an array")
        if peek() == UInt8(ascii: "]") { return position += 1 }
        while true {
            try element(&self)
            if peek() == UInt8(ascii: "]") { return position += 1 }
            try consume(UInt8(ascii: ","), "a comma or the end of the array")
        }
    }

    /// Consumes a value of any kind without building it, and returns the range of its text.
    @discardableResult
    mutating func skipValue(depth: Int = 0) throws(JSONError) -> Range<Int> {
        guard depth < Self.maximumDepth else { throw fail("at most \(Self.maximumDepth) levels") }
        let first = peek()
        let start = position
        switch first {
        case UInt8(ascii: "{"):
            try consumeObject { (scanner, _) throws(JSONError) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            try consumeArray { (scanner) throws(JSONError) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try consumeString()
        case UInt8(ascii: "t"): try consumeWord("true")
        case UInt8(ascii: "f"): try consumeWord("false")
        case UInt8(ascii: "n"): try consumeWord("null")
        case nil: throw fail("a value")
        default: _ = try consumeNumber()
        }
        return start..<position
    }

    /// The text of a consumed value without the white space between tokens.
    func compact(_ place: Range<Int>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: place.count) { out, count in
            var scanner = JSONScanner(UnsafeBufferPointer(rebasing: bytes[place]))
            while let byte = scanner.peek() {
                if byte == UInt8(ascii: "\""), let text = try? scanner.consumeString() {
                    let quoted = text.lowerBound - 1..<text.upperBound + 1
                    count = out[count...].initialize(fromContentsOf: scanner.bytes[quoted])
                } else {
                    out[count] = byte
                    count += 1
                    scanner.position += 1
                }
            }
        }
    }
}
