// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// Parses JSON text.
    ///
    /// - Throws: `JSONError` if the bytes are not one JSON text in UTF-8 or are nested more than 128 levels deep.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var result: Result<JSON, JSONError> = .success(.null)
        bytes.withUnsafeBufferPointer { buffer in
            result = Result { () throws(JSONError) in
                var scanner = JSONScanner(buffer)
                let value = try scanner.consumeValue(depth: 0)
                try scanner.consumeEnd()
                return value
            }
        }
        self = try result.get()
    }

    /// Parses JSON text.
    ///
    /// - Throws: `JSONError` if `text` is not one JSON text or is nested more than 128 levels deep.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}

extension JSONScanner {
    fileprivate mutating func consumeValue(depth: Int) throws(JSONError) -> JSON {
        guard depth < Self.maximumDepth else { throw fail("at most \(Self.maximumDepth) levels") }
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [JSONObject.Member] = []
            try consumeObject { (scanner, name) throws(JSONError) in
                let value = try scanner.consumeValue(depth: depth + 1)
                members.append(JSONObject.Member(name: scanner.unescape(name), value: value))
            }
            return .object(JSONObject(members))
        case UInt8(ascii: "["):
            var elements: [JSON] = []
            try consumeArray { (scanner) throws(JSONError) in
                elements.append(try scanner.consumeValue(depth: depth + 1))
            }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(unescape(try consumeString()))
        case UInt8(ascii: "t"):
            try consumeWord("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try consumeWord("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try consumeWord("null")
            return .null
        case nil: throw fail("a value")
        default:
            let text = try consumeNumber()
            return .number(String(decoding: UnsafeBufferPointer(rebasing: bytes[text]), as: UTF8.self))
        }
    }

    /// The unescaped text of a string that `consumeString` accepted. A lone surrogate becomes U+FFFD.
    func unescape(_ range: Range<Int>) -> String {
        let raw = UnsafeBufferPointer(rebasing: bytes[range])
        guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
        var units: [UInt16] = []
        var text = ""
        var index = raw.startIndex
        var plain = index

        func flush(to end: Int) {
            guard plain < end else { return }
            // Escaped units before plain text are decoded alone, because no surrogate pair crosses into plain text.
            text += String(decoding: units, as: UTF16.self)
            units.removeAll()
            text += String(decoding: UnsafeBufferPointer(rebasing: raw[plain..<end]), as: UTF8.self)
        }

        while index < raw.endIndex {
            guard raw[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            flush(to: index)
            switch raw[index + 1] {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"):
                let digits = String(decoding: UnsafeBufferPointer(rebasing: raw[index + 2..<index + 6]), as: UTF8.self)
                units.append(UInt16(digits, radix: 16) ?? 0xFFFD)
                index += 4
            case let byte: units.append(UInt16(byte))
            }
            index += 2
            plain = index
        }
        flush(to: index)
        return text + String(decoding: units, as: UTF16.self)
    }
}
