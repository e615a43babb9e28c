// SPDX-License-Identifier: Apache-2.0

/// One request as the API sees it: what HTTP and sockets add is gone.
package struct APIRequest: Sendable {
    package var method: String
    /// The path as received, percent-encoded, without the query.
    package var path: String
    /// The query's pairs, decoded, in order.
    package var query: [(name: String, value: String)] = []
    /// The value of the header `X-Goog-Api-Key`.
    package var key: String?
    package var body: [UInt8] = []

    /// A request that has come in by HTTP.
    package init(
        method: String, path: String, query: [(name: String, value: String)] = [], key: String? = nil,
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.key = key
        self.body = body
    }

    /// The value of the first query parameter called `name`.
    package subscript(name: String) -> String? { query.first { $0.name == name }?.value }
}
