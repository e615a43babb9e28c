// SPDX-License-Identifier: Apache-2.0

/// One page of a list as an API answers it, `{"<items>": […], "nextPageToken": "…"}`, cut into its items without decoding them.
public struct JSONList: Sendable, Equatable {
    /// Each item's text as received, without the white space between tokens; only objects.
    public var items: [[UInt8]]
    /// How many items were not objects and were passed over.
    public var skipped: Int
    /// Where the next page begins; `nil` on the last page.
    public var nextPageToken: String?

    /// Cuts `body` into the items of its member `name`; a missing member is an empty list.
    ///
    /// - Throws: `JSONError` where the body is not one JSON object.
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
    /// One JSON text as received, without the white space between tokens: nothing is decoded, so nothing can change.
    ///
    /// - Throws: `JSONError` where the bytes are not one JSON text.
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
