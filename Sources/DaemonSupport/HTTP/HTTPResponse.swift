// SPDX-License-Identifier: Apache-2.0

public import NIOCore
public import NIOHTTP1

/// What a handler answers.
public struct HTTPResponse: Sendable {
    /// What follows the head.
    public enum Body: Sendable {
        /// A body of known length.
        case bytes([UInt8])
        /// The head, then a stream of Server-Sent Events that lasts as long as the client does. A server that stops ends it; one
        /// whose owner `ends` it soon by itself, such as with an answer, is given the server's grace for it.
        case eventStream(ends: Bool = false, open: @Sendable (any PushConnection) -> Void)
        /// A switch to WebSocket (RFC 6455); `subprotocol` is answered where the client offered one.
        case webSocket(subprotocol: String?, open: @Sendable (any PushConnection) -> Void)
        /// Not even a head: the connection as it is, for a server that must misbehave, such as a test's. Whoever takes it
        /// writes bytes to the channel and closes it; what the client still sends is ignored.
        case raw(take: @Sendable (any Channel) -> Void)
    }

    /// The status; 101 for a WebSocket is set by the server.
    public var status: HTTPResponseStatus
    /// The header fields; the server adds `Content-Length`, `Date` and `Connection`.
    public var headers: HTTPHeaders
    /// What follows.
    public var body: Body
    /// Whether it gets a strong `ETag`, so that a client that has it already is answered 304.
    public var isTagged = false

    /// An answer.
    public init(status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The same, with a strong `ETag`.
    public var tagged: HTTPResponse {
        var response = self
        response.isTagged = true
        return response
    }

    /// An answer of JSON text.
    public static func json(_ status: HTTPResponseStatus, _ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["content-type": "application/json; charset=utf-8"], body: .bytes(bytes))
    }
}
