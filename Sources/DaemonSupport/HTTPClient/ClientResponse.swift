// SPDX-License-Identifier: Apache-2.0

/// A complete response with any status. A redirect is a response too, and is not followed.
public struct ClientResponse: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields in the order in which they were received.
    public var headers: [(name: String, value: String)]
    /// The body, decompressed.
    public var body: [UInt8]

    /// A response with these parts.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of the first header field with this name, in upper or lower case.
    public func first(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }
}
