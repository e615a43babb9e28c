// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// One page of a list in an API's form, `{"<items>": […], "nextPageToken": "…"}`. It is split into its items without
/// decoding or copying them.
public struct JSONList: Sendable {
    /// An item that is an object.
    public struct Item: Sendable {
        /// The item's range in the page's text.
        public let place: Range<Int>
        /// The range of the text of its member `id`. Empty if there is no such string, or if it has escapes.
        public let id: Range<Int>
        /// A hash of its bytes as received, with a key of this process.
        public let digest: UInt64
    }

    private static let digest = KeyedHash()

    /// The page as received.
    public let text: [UInt8]
    /// The items that are objects, in order.
    public private(set) var entries: [Item] = []
    /// The number of items that were left out because they are not objects.
    public private(set) var skipped = 0
    /// The token of the next page; `nil` on the last page.
    public private(set) var nextPageToken: String?

    /// Splits `body` into the items of its member `name`. If there is no such member, the list is empty.
    ///
    /// - Throws: `JSONError` if the body is not one JSON object.
    public init(_ body: [UInt8], items name: String) throws(JSONError) {
        text = body
        var failure: JSONError?
        body.withUnsafeBufferPointer { buffer in
            do throws(JSONError) { try scan(buffer, items: name) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The text of each item as received, without the white space between tokens.
    public var items: [[UInt8]] { entries.map(compact) }

    /// The text of one item as received, without the white space between tokens.
    public func compact(_ item: Item) -> [UInt8] {
        text.withUnsafeBufferPointer { JSONScanner($0).compact(item.place) }
    }

    /// Whether the page's text is `body`.
    public func isCut(from body: [UInt8]) -> Bool {
        text.withUnsafeBytes { text in
            body.withUnsafeBytes { body in
                guard text.count == body.count, let a = text.baseAddress, let b = body.baseAddress else { return false }
                return a == b || memcmp(a, b, text.count) == 0
            }
        }
    }

    /// The text of the item's `id`; `nil` if it is not to be had without parsing the item.
    public func id(of item: Item) -> String? {
        item.id.isEmpty ? nil : String(decoding: text[item.id], as: UTF8.self)
    }

    /// Calls `body` with the bytes of the item's `id`.
    public func withID<Value>(of item: Item, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        text.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[item.id])) }
    }

    private mutating func scan(_ buffer: UnsafeBufferPointer<UInt8>, items wanted: String) throws(JSONError) {
        var scanner = JSONScanner(buffer)
        try scanner.consumeObject { (scanner, name) throws(JSONError) in
            let name = scanner.unescape(name)
            if name == wanted, scanner.peek() == UInt8(ascii: "[") {
                try scanner.consumeArray { (scanner) throws(JSONError) in
                    if scanner.peek() == UInt8(ascii: "{") {
                        entries.append(try Self.item(&scanner))
                    } else {
                        try scanner.skipValue()
                        skipped += 1
                    }
                }
            } else if name == "nextPageToken", scanner.peek() == UInt8(ascii: "\"") {
                let token = scanner.unescape(try scanner.consumeString())
                nextPageToken = token.isEmpty ? nil : token
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.consumeEnd()
    }

    private static func item(_ scanner: inout JSONScanner) throws(JSONError) -> Item {
        let start = scanner.position
        var id = start..<start
        var hasEscapedName = false
        try scanner.consumeObject { (scanner, name) throws(JSONError) in
            let isID = scanner.text(name, is: "id")
            if scanner.bytes[name].contains(UInt8(ascii: "\\")) { hasEscapedName = true }
            let isText = scanner.peek() == UInt8(ascii: "\"")
            let value = try scanner.skipValue(depth: 1)
            // Of a repeated name the last one counts.
            if isID { id = isText ? value.lowerBound + 1..<value.upperBound - 1 : start..<start }
        }
        // A name with escapes may spell `id` too.
        if hasEscapedName || scanner.bytes[id].contains(UInt8(ascii: "\\")) { id = start..<start }
        let place = start..<scanner.position
        return Item(
            place: place, id: id,
            digest: digest(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: scanner.bytes[place]))))
    }
}

extension JSON {
    /// The JSON text as received, without the white space between tokens. Nothing is decoded, so no value changes.
    ///
    /// - Throws: `JSONError` if the bytes are not one JSON text.
    public static func compact(_ bytes: [UInt8]) throws(JSONError) -> [UInt8] {
        var out: [UInt8] = []
        var failure: JSONError?
        bytes.withUnsafeBufferPointer { buffer in
            do throws(JSONError) {
                var scanner = JSONScanner(buffer)
                let place = try scanner.skipValue()
                try scanner.consumeEnd()
                out = scanner.compact(place)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return out
    }
}
