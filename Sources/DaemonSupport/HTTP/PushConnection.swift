// SPDX-License-Identifier: Apache-2.0

public import NIOCore
import Synchronization

/// One text for clients, encoded once and shared by all of them.
public final class PushMessage: Sendable {
    /// A complete unmasked WebSocket text frame (RFC 6455 §5.2).
    public let webSocketFrame: ByteBuffer
    private let name: String
    private let id: Int64?
    private let encodedEvent = Mutex<ByteBuffer?>(nil)

    /// Encodes JSON text.
    ///
    /// - Parameters:
    ///   - json: a complete JSON text in UTF-8.
    ///   - event: the event's name on an event stream.
    ///   - id: the event's id, from which a client can resume.
    public init(json: [UInt8], event: String, id: Int64? = nil) {
        webSocketFrame = WebSocketWire.frame(.text, json)
        name = event
        self.id = id
    }

    /// A complete event (WHATWG HTML §9.2) with its `event:`, `id:` and `data:` lines, encoded when the first stream needs it.
    public var event: ByteBuffer {
        encodedEvent.withLock { event in
            if let event { return event }
            let text = WebSocketWire.payload(of: webSocketFrame)
            let encoded = EventStreamWire.event(name: name, id: id, data: text)
            event = encoded
            return encoded
        }
    }
}

/// Why the server closes a connection, with the matching WebSocket close code.
public struct PushClose: Sendable, Equatable {
    /// The WebSocket close code (RFC 6455 §7.4).
    public let code: UInt16
    /// The reason as it is sent.
    public let reason: String

    /// A close code with its reason.
    public init(code: UInt16, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// An error in the server ended the connection (RFC 6455 §7.4.1).
    public static let fault = PushClose(code: 1011, reason: "internal error")
    /// The service restarts (1012 in IANA's WebSocket registry).
    public static let restart = PushClose(code: 1012, reason: "restart")
    /// No pong came before the next ping was due.
    public static let heartbeat = PushClose(code: 4000, reason: "heartbeat")
    /// Too many bytes waited for the client.
    public static let backpressure = PushClose(code: 4002, reason: "backpressure")
}

/// A client that the server pushes to, by WebSocket or by Server-Sent Events.
///
/// Use all members except `eventLoop` on that event loop only.
public protocol PushConnection: AnyObject, Sendable {
    /// The event loop of the connection.
    var eventLoop: any EventLoop { get }
    /// The number of bytes that the kernel has not taken yet.
    var unsentBytes: Int { get }
    /// Sends a message. The future completes when the kernel has taken all of it, and fails if the connection closes
    /// first.
    @discardableResult func send(_ message: PushMessage) -> EventLoopFuture<Void>
    /// Sends several messages together. The future is that of the last one; if there is none it succeeds at once.
    func send(contentsOf messages: [PushMessage]) -> EventLoopFuture<Void>
    /// Sends a message without a future. It is dropped if the connection is closed.
    func push(_ message: PushMessage)
    /// Closes the connection with a reason. If the reason cannot be sent at once, the connection is cut.
    func close(_ close: PushClose)
    /// Called on the event loop with each text from the client (WebSocket only).
    var onText: (@Sendable (String) -> Void)? { get set }
    /// Completes when the connection is closed, for any reason.
    var closed: EventLoopFuture<Void> { get }
}

extension PushConnection {
    /// Sends the messages one after the other.
    public func send(contentsOf messages: [PushMessage]) -> EventLoopFuture<Void> {
        var last = eventLoop.makeSucceededVoidFuture()
        for message in messages { last = send(message) }
        return last
    }

    /// Sends the message and ignores the future.
    public func push(_ message: PushMessage) {
        send(message)
    }
}
