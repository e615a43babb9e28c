// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// What one client, and all of them together, may take of an `HTTPServer`.
public struct HTTPLimits: Sendable {
    /// The largest request body, in bytes; a larger one is answered 413 before it has been read. Default 1 MiB.
    public var maximumBody = 1 << 20
    /// The largest request line and header fields together, in bytes; beyond that 431. Default 32 KiB.
    public var maximumHeader = 32 << 10
    /// The longest target in the request line, in bytes; beyond that 414. Default 8 KiB.
    public var maximumTarget = 8 << 10
    /// The most header fields; beyond that 431. Default 128.
    public var maximumHeaderFields = 128
    /// How long a request's head may take, from the connect on or from its first byte on; then 408. A connection on which
    /// nothing has come at all is closed. Default 10 s.
    public var headerTimeout = TimeAmount.seconds(10)
    /// How long a body may take after its head; then 408. Default 30 s.
    public var bodyTimeout = TimeAmount.seconds(30)
    /// How long a connection may wait for its next request to begin. Default 75 s.
    public var idleTimeout = TimeAmount.seconds(75)
    /// The time in which a client must take ``minimumProgress`` of an answer that waits for it, or be cut. Default 30 s.
    public var writeTimeout = TimeAmount.seconds(30)
    /// How many bytes of a waiting answer a client must take in each ``writeTimeout``. Default 16 KiB.
    public var minimumProgress = 16 << 10
    /// How many connections of all kinds there may be; further ones get 503 and `Retry-After`. Default 10,000.
    public var maximumConnections = 10_000
    /// How many connections one client network (``IPAddress/clientNetwork``) may have; further ones get 503 and `Retry-After`.
    /// 0 means no limit. Default 0.
    public var maximumConnectionsPerClient = 0
    /// Whose connections are not counted by client: proxies, for one.
    public var isExemptFromClientLimit: @Sendable (IPAddress) -> Bool = { _ in false }
    /// The largest message a WebSocket client may send, in bytes; beyond that close 1009. Default 64 KiB.
    public var maximumWebSocketMessage = 65_536
    /// The most frames of one message of a WebSocket client; beyond that close 1008. Default 1,024.
    public var maximumWebSocketFragments = 1024
    /// SO_SNDBUF of connections that are pushed to (socket(7)), so that the kernel hides little of a slow reader.
    /// The kernel doubles it for its own needs. Default 128 KiB.
    public var sendBuffer: CInt = 128 << 10
    /// The pause between two pings to a WebSocket; one that is unanswered when the next is due closes it. Default 30 s.
    public var pingInterval = TimeAmount.seconds(30)
    /// The pause between two comment lines to an event stream, which keep proxies from closing it. Default 15 s.
    public var commentInterval = TimeAmount.seconds(15)
    /// How long a connection we ended may take to close its side before it is cut. Default 2 s.
    public var closeTimeout = TimeAmount.seconds(2)

    /// The defaults.
    public init() {}
}
