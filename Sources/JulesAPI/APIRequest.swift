// SPDX-License-Identifier: Apache-2.0

/// One API request, without the parts that belong to HTTP and sockets.
package struct APIRequest: Sendable {
    package var method: String
    /// The path as received, still percent-encoded, without the query.
    package var path: String
    /// The pairs of the query, decoded, in order.
    package var query: [(name: String, value: String)] = []
    /// The value of the header `X-Goog-Api-Key`.
    package var key: String?
    package var body: [UInt8] = []

    /// A request that was received over HTTP.
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

    /// The value of the first query parameter with this name.
    package subscript(name: String) -> String? { query.first { $0.name == name }?.value }
}
