// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

@testable import DaemonSupport
@testable import julesd

extension Fuzzer {
    /// The target of a request: its query, and the parameters and cursors in the query.
    static let query = Fuzzer(
        "query",
        text: { text in
            let query = HTTPQuery(text)
            let pieces = text.utf8.split(separator: UInt8(ascii: "&"))
            promise(query.pairs.count == pieces.count, "every piece between two & is a pair")
            promise(
                query.pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count } <= text.utf8.count,
                "nothing grows")
            let written = query.pairs.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
            promise(
                HTTPQuery(written).pairs.map(\.name.bytes) == query.pairs.map(\.name.bytes),
                "names survive in \(written)")
            promise(
                HTTPQuery(written).pairs.map(\.value.bytes) == query.pairs.map(\.value.bytes),
                "values survive in \(written)")

            let request = HTTPRequest(
                method: .GET, target: "/api/sessions?\(text)", peer: .unix(.init(uid: 0, gids: [])))
            promise(request.query == query, "the query is what stands behind the question mark")
            do throws(RequestError) {
                let query = try SessionQuery(request)
                promise((1...500).contains(query.limit), "limits are limited")
                if let place = query.after {
                    promise(ListPlace(cursor: place.cursor) == place, "a cursor stands for its place")
                }
            } catch {
                promise(error.status == .badRequest, "a bad query is a bad request")
                promise(error.isJSON, "a problem is JSON")
            }
            var reader = RequestQuery(request)
            let since: Int64? = reader.integer("since", 0...Int64.max)
            promise(since.map { $0 >= 0 } ?? true, "a seq is not negative")
            promise(
                since.map { reader.string("since")?.drop { $0 == "0" } == ($0 == 0 ? "" : "\($0)") } ?? true,
                "digits alone")
            if let place = ListPlace(cursor: text) {
                promise(place.cursor.bytes == text.bytes, "a cursor has one spelling")
            }
        })

    /// Percent-encodes every byte.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { ($0 < 16 ? "%0" : "%") + String($0, radix: 16) }.joined()
    }
}
