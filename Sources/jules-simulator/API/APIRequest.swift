// SPDX-License-Identifier: Apache-2.0

/// One request as the API sees it: what HTTP and sockets add is gone.
struct APIRequest: Sendable {
    var method: String
    /// The path as received, percent-encoded, without the query.
    var path: String
    /// The query's pairs, decoded, in order.
    var query: [(name: String, value: String)] = []
    /// The value of the header `X-Goog-Api-Key`.
    var key: String?
    var body: [UInt8] = []

    /// The value of the first query parameter called `name`.
    subscript(name: String) -> String? { query.first { $0.name == name }?.value }
}
