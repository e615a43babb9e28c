// SPDX-License-Identifier: Apache-2.0

/// One page of a list in an API's form, `{"<items>": […], "nextPageToken": "…"}`. It is split into its items without
/// decoding them.
public struct JSONList: Sendable, Equatable {
    /// The text of each item as received, without the white space between tokens. Only objects are items.
    public var items: [[UInt8]]
    /// The number of items that were left out because they are not objects.
    public var skipped: Int
    /// The token of the next page; `nil` on the last page.
    public var nextPageToken: String?

    /// Splits `body` into the items of its member `name`. If there is no such member, the list is empty.
    ///
    /// - Throws: `JSONError` if the body is not one JSON object.
    public init(_ body: [UInt8], items name: String) throws(JSONError) {
        var list = JSONList(items: [], skipped: 0, nextPageToken: nil)
        var failure: JSONError?
        body.withUnsafeBufferPointer { buffer in
            do throws(JSONError) {
                try list.scan(buffer, items: name)
            } catch { failure = error }
        }
        if let failure { throw failure }
        self = list
    }

    private init(items: [[UInt8]], skipped: Int, nextPageToken: String?) {
        self.items = items
        self.skipped = skipped
        self.nextPageToken = nextPageToken
    }

    private mutating func scan(_ buffer: UnsafeBufferPointer<UInt8>, items wanted: String) throws(JSONError) {
        var scanner = JSONScanner(buffer)
        try scanner.consumeObject { (scanner, name) throws(JSONError) in
            let name = scanner.unescape(name)
            if name == wanted, scanner.peek() == UInt8(ascii: "[") {
                try scanner.consumeArray { (scanner) throws(JSONError) in
                    let isObject = scanner.peek() == UInt8(ascii: "{")
                    var item: [UInt8] = []
                    try scanner.consumeValue(compactedInto: &item)
                    if isObject { items.append(item) } else { skipped += 1 }
                }
            } else if name == "nextPageToken", scanner.peek() == UInt8(ascii: "\"") {
                let token = scanner.unescape(try scanner.consumeString())
                nextPageToken = token.isEmpty ? nil : token
            } else {
                var ignored: [UInt8] = []
                try scanner.consumeValue(compactedInto: &ignored)
            }
        }
        try scanner.consumeEnd()
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
                try scanner.consumeValue(compactedInto: &out)
                try scanner.consumeEnd()
            } catch { failure = error }
        }
        if let failure { throw failure }
        return out
    }
}
