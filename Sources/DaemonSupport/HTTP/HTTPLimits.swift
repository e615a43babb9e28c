// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// What one client, and all clients together, may use of an `HTTPServer`.
public struct HTTPLimits: Sendable {
    /// The largest request body in bytes. A larger one is answered 413 before it is read. Default 1 MiB.
    public var maximumBody = 1 << 20
    /// The largest request line and header fields together, in bytes; more is answered 431. Default 32 KiB.
    public var maximumHeader = 32 << 10
    /// The longest target in the request line, in bytes; a longer one is answered 414. Default 8 KiB.
    public var maximumTarget = 8 << 10
    /// The largest number of header fields; more are answered 431. Default 128.
    public var maximumHeaderFields = 128
    /// How long a request's head may take, from the connect or from its first byte; then it is answered 408. A
    /// connection that sent nothing at all is closed. Default 10 s.
    public var headerTimeout = TimeAmount.seconds(10)
    /// How long a body may take after its head; then the request is answered 408. Default 30 s.
    public var bodyTimeout = TimeAmount.seconds(30)
    /// How long a connection may wait for its next request. Default 75 s.
    public var idleTimeout = TimeAmount.seconds(75)
    /// The time in which a client must take ``minimumProgress`` bytes of a waiting answer. If it takes less, the
    /// connection is cut. Default 30 s.
    public var writeTimeout = TimeAmount.seconds(30)
    /// How many bytes of a waiting answer a client must take in each ``writeTimeout``. Default 16 KiB.
    public var minimumProgress = 16 << 10
    /// The largest number of connections of all kinds. Further ones are answered 503 with `Retry-After`. Default
    /// 10,000.
    public var maximumConnections = 10_000
    /// The largest number of connections of one client network (``IPAddress/clientNetwork``). Further ones are answered
    /// 503 with `Retry-After`. 0 means no limit. Default 0.
    public var maximumConnectionsPerClient = 0
    /// Whether the connections from an address are exempt from the limit per client, for example those of a proxy.
    public var isExemptFromClientLimit: @Sendable (IPAddress) -> Bool = { _ in false }
    /// The largest message that a WebSocket client may send, in bytes; a larger one closes with 1009. Default 64 KiB.
    public var maximumWebSocketMessage = 65_536
    /// The largest number of frames in one message of a WebSocket client; more close with 1008. Default 1,024.
    public var maximumWebSocketFragments = 1024
    /// SO_SNDBUF of connections that the server pushes to (socket(7)). With a small buffer a slow reader is noticed
    /// early. The kernel doubles the value for its own use. Default 128 KiB.
    public var sendBuffer: CInt = 128 << 10
    /// The time between two pings to a WebSocket. If a ping is unanswered when the next one is due, the connection
    /// closes. Default 30 s.
    public var pingInterval = TimeAmount.seconds(30)
    /// The time between two comment lines to an event stream, which keep proxies from closing it. Default 15 s.
    public var commentInterval = TimeAmount.seconds(15)
    /// How long a client may take to close its side of a connection that we ended. Then the connection is cut. Default
    /// 2 s.
    public var closeTimeout = TimeAmount.seconds(2)

    /// Limits with all defaults.
    public init() {}
}
