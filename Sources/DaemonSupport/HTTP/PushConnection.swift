// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// One text for a client that is being pushed to, encoded once for everybody in both wire forms.
public struct PushMessage: Sendable {
    /// A complete unmasked WebSocket text frame (RFC 6455 §5.2).
    public let webSocketFrame: ByteBuffer
    /// A complete event (WHATWG HTML §9.2) with its `event:`, `id:` and `data:` lines.
    public let event: ByteBuffer
}

/// Why a pushed-to connection is closed by us, with the WebSocket close code that says so.
public struct PushClose: Sendable, Equatable {
    /// The WebSocket close code (RFC 6455 §7.4).
    public let code: UInt16
    /// The reason as sent.
    public let reason: String

    /// A close code with its reason.
    public init(code: UInt16, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// A fault of ours ended the connection (RFC 6455 §7.4.1).
    public static let fault = PushClose(code: 1011, reason: "internal error")
    /// The service restarts (IANA registry, 1012).
    public static let restart = PushClose(code: 1012, reason: "restart")
    /// No pong came before the next ping.
    public static let heartbeat = PushClose(code: 4000, reason: "heartbeat")
    /// Too much lay unsent.
    public static let backpressure = PushClose(code: 4002, reason: "backpressure")
}

/// A client that is being pushed to, by WebSocket or by Server-Sent Events: the one shape both have for the feed.
///
/// Every member but `eventLoop` may be used on that event loop only.
public protocol PushConnection: AnyObject, Sendable {
    /// The loop the connection lives on.
    var eventLoop: any EventLoop { get }
    /// Bytes handed over that the kernel has not taken yet.
    var unsentBytes: Int { get }
    /// Sends a message; the future completes once the kernel has taken all of it, and fails when the connection is gone.
    @discardableResult func send(_ message: PushMessage) -> EventLoopFuture<Void>
    /// Sends messages in one go; the future is that of the last one, and succeeds at once where there is none.
    func send(contentsOf messages: [PushMessage]) -> EventLoopFuture<Void>
    /// Sends a message without asking what becomes of it; dropped when the connection is gone.
    func push(_ message: PushMessage)
    /// Closes with a reason; cuts the connection at once where even that cannot be written.
    func close(_ close: PushClose)
    /// Called on the event loop with each text the client sends (WebSocket only).
    var onText: (@Sendable (String) -> Void)? { get set }
    /// Completes when the connection is gone, for whatever reason.
    var closed: EventLoopFuture<Void> { get }
}

extension PushConnection {
    /// Sends one after the other.
    public func send(contentsOf messages: [PushMessage]) -> EventLoopFuture<Void> {
        var last = eventLoop.makeSucceededVoidFuture()
        for message in messages { last = send(message) }
        return last
    }

    /// Sends and forgets.
    public func push(_ message: PushMessage) {
        send(message)
    }
}
