// SPDX-License-Identifier: Apache-2.0

public import NIOCore
public import NIOHTTP1

/// The answer to a request.
public struct HTTPResponse: Sendable {
    /// What follows the head.
    public enum Body: Sendable {
        /// A body of known length.
        case bytes([UInt8])
        /// A body of known length that other answers have too.
        case shared(SharedBody)
        /// The head, then a stream of Server-Sent Events that lasts until the client closes it. A draining server
        /// closes it. If its owner `ends` it soon by itself, for example because it carries a single answer, the server
        /// waits for that until its grace is over.
        case eventStream(ends: Bool = false, open: @Sendable (any PushConnection) -> Void)
        /// A switch to WebSocket (RFC 6455). `subprotocol` is sent back if the client offered it.
        case webSocket(subprotocol: String?, open: @Sendable (any PushConnection) -> Void)
        /// The connection itself, without even a head, for a server that must misbehave, such as one in a test. `take`
        /// gets the channel, writes bytes to it and closes it. Further input from the client is ignored.
        case raw(take: @Sendable (any Channel) -> Void)

        /// The number of bytes; `nil` if it is not known.
        var length: Int? {
            switch self {
            case .bytes(let bytes): bytes.count
            case .shared(let body): body.length
            case .eventStream, .webSocket, .raw: nil
            }
        }

        /// The body in a form that answers can share; `nil` if its length is not known.
        var shared: SharedBody? {
            switch self {
            case .bytes(let bytes): SharedBody(bytes)
            case .shared(let body): body
            case .eventStream, .webSocket, .raw: nil
            }
        }
    }

    /// The status. For a WebSocket the server sets 101 itself.
    public var status: HTTPResponseStatus
    /// The header fields; the server adds `Content-Length`, `Date` and `Connection`.
    public var headers: HTTPHeaders
    /// What follows.
    public var body: Body
    /// Whether the answer gets a strong `ETag`, so that a client that has the body already gets 304.
    public var isTagged = false

    /// An answer with these parts.
    public init(status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The bytes of a body of known length.
    public var bytes: [UInt8]? { body.shared?.array }

    /// The answer with a strong `ETag`.
    public var tagged: HTTPResponse {
        var response = self
        response.isTagged = true
        return response
    }

    /// An answer of JSON text.
    public static func json(_ status: HTTPResponseStatus, _ bytes: [UInt8]) -> HTTPResponse {
        .json(status, .bytes(bytes))
    }

    /// An answer of JSON text.
    public static func json(_ status: HTTPResponseStatus, _ body: Body) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["content-type": "application/json; charset=utf-8"], body: body)
    }
}
