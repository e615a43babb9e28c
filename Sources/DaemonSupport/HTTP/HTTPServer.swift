// SPDX-License-Identifier: Apache-2.0

import Glibc
public import NIOCore
public import NIOHTTP1
public import NIOPosix
import Synchronization

/// An HTTP/1.1 server with WebSocket and Server-Sent Events, on any number of listening sockets.
public final class HTTPServer: Sendable {
    private struct BoundLoop {
        let eventLoop: any EventLoop
        let state: NIOLoopBoundBox<HTTPLoop>
    }

    private struct Listeners {
        var open: [(channel: any Channel, file: SocketFile?)] = []
        var isClosed = false
    }

    private let group: MultiThreadedEventLoopGroup
    private let service: HTTPService
    private let loops: [ObjectIdentifier: BoundLoop]
    private let ticks: [RepeatedTask]
    private let listeners = Mutex(Listeners())

    /// A server without listening sockets.
    ///
    /// - Parameters:
    ///   - group: the event loops for the connections.
    ///   - limits: what clients may use, until `apply` replaces it.
    ///   - problem: makes the answer when the server itself refuses a request.
    ///   - onLoopTick: called about once a second by each loop that makes progress, with the loop's index.
    ///   - takesBody: whether the body of a request is read and kept, decided from the head. If not, the request is
    ///     answered without its body. Runs on the event loop.
    ///   - answer: answers a request. It runs on the connection's event loop, so it must not block.
    public init(
        group: MultiThreadedEventLoopGroup,
        limits: HTTPLimits = HTTPLimits(),
        problem: @escaping ProblemForm = HTTPServer.problem,
        onLoopTick: (@Sendable (Int) -> Void)? = nil,
        takesBody: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true },
        answer: @escaping @Sendable (HTTPRequest) -> HTTPAnswer
    ) {
        self.group = group
        service = HTTPService(takesBody: takesBody, answer: answer, problem: problem)
        let eventLoops = Array(group.makeIterator())
        loops = Dictionary(
            uniqueKeysWithValues: eventLoops.map {
                (
                    ObjectIdentifier($0),
                    BoundLoop(eventLoop: $0, state: .makeBoxSendingValue(HTTPLoop($0, limits: limits), eventLoop: $0))
                )
            })
        ticks =
            onLoopTick.map { onLoopTick in
                eventLoops.enumerated().map { index, eventLoop in
                    eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { _ in onLoopTick(index) }
                }
            } ?? []
    }

    /// A server whose answers all may have to wait. `respond` is cancelled when the client goes.
    public convenience init(
        group: MultiThreadedEventLoopGroup, limits: HTTPLimits = HTTPLimits(),
        onLoopTick: (@Sendable (Int) -> Void)? = nil,
        respond: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) {
        self.init(group: group, limits: limits, onLoopTick: onLoopTick) { request in .pending { await respond(request) }
        }
    }

    deinit {
        for tick in ticks { tick.cancel() }
    }

    /// How many connections there are, of all kinds.
    public var connectionCount: Int { service.counters.connections.load(ordering: .relaxed) }
    /// How many of them are WebSockets.
    public var webSocketCount: Int { service.counters.webSockets.load(ordering: .relaxed) }
    /// How many of them are event streams.
    public var eventStreamCount: Int { service.counters.eventStreams.load(ordering: .relaxed) }

    /// Replaces the limits. Open connections stay open.
    public func apply(_ limits: HTTPLimits) {
        for loop in loops.values { loop.eventLoop.execute { loop.state.value.limits = limits } }
    }

    /// Makes the answer to a request that the server refuses. The request is given without its body; it is `nil` if the
    /// input was no request.
    public typealias ProblemForm =
        @Sendable (HTTPRequest?, HTTPResponseStatus, _ code: String, _ message: String) -> HTTPResponse

    /// The default answer to a refused request: `{"error":"<code>","message":"…"}`.
    public static let problem: ProblemForm = { _, status, code, message in
        var body = Array(#"{"error":"#.utf8)
        JSON.write(code, to: &body)
        body += Array(#","message":"#.utf8)
        JSON.write(message, to: &body)
        body.append(UInt8(ascii: "}"))
        return .json(status, body)
    }

    /// Accepts connections on `address`.
    ///
    /// - Returns: the address that the socket is bound to.
    /// - Throws: `ListenError` if the address cannot be bound, or the server is drained already.
    @discardableResult
    public func listen(on address: ListenAddress) async throws(ListenError) -> SocketAddress {
        let socket = try await ListeningSocket.open(address)
        do {
            let service = service
            let loops = loops
            let channel = try await ServerBootstrap(group: group)
                // After a restart many clients connect at the same time.
                .serverChannelOption(.maxMessagesPerRead, value: 64)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard let loop = loops[ObjectIdentifier(channel.eventLoop)]?.state.value else {
                            preconditionFailure("a connection on a foreign event loop")
                        }
                        try accept(channel, service, loop)
                    }
                }
                .withBoundSocket(socket.descriptor).get()
            // NIO's backlog is 128. The kernel limits this one to net.core.somaxconn (listen(2)).
            try await channel.eventLoop.submit {
                _ = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) {
                    Glibc.listen($0, 4096)
                }
            }.get()
            let isClosed = listeners.withLock { listeners in
                listeners.open.append((channel, socket.file))
                return listeners.isClosed
            }
            guard !isClosed, let bound = channel.localAddress else {
                try await channel.close()
                throw ChannelError.ioOnClosedChannel
            }
            return bound
        } catch let error as IOError {
            throw ListenError(address: address, reason: String(cString: strerror(error.errnoCode)))
        } catch {
            throw ListenError(address: address, reason: String(describing: error))
        }
    }

    /// Stops the server: it accepts no more connections, and closes idle ones and, with 1012, those that it pushes to.
    /// Running requests may finish, and a client that has just connected may still send its request. After `grace` it
    /// cuts all connections that are left. Returns when all connections are closed.
    public func drain(grace: Duration) async {
        let listening = listeners.withLock { listeners in
            defer { listeners.open = [] }
            listeners.isClosed = true
            return listeners.open
        }
        for (channel, file) in listening {
            file?.remove()
            await settle(channel)
            try? await channel.close()
        }
        var open: [EventLoopFuture<Void>] = []
        for loop in loops.values {
            open += (try? await loop.eventLoop.submit { loop.state.value.drain() }.get()) ?? []
        }
        let first = group.next()
        let cut = first.scheduleTask(in: TimeAmount(grace)) { [loops] in
            for loop in loops.values { loop.eventLoop.execute { loop.state.value.cut() } }
        }
        try? await EventLoopFuture.andAllComplete(open, on: first).get()
        cut.cancel()
        for tick in ticks { tick.cancel() }
    }

    /// Stops accepting, and waits until the connections that were accepted are on their loops. NIO closes a connection
    /// that is on its way to its loop when the listener closes.
    private func settle(_ listener: any Channel) async {
        try? await listener.setOption(.autoRead, value: false).get()
        for loop in loops.values { try? await loop.eventLoop.submit {}.get() }
        try? await listener.eventLoop.submit {}.get()
    }
}

/// Sets up a new connection. If it throws, the connection is closed.
private func accept(_ channel: any Channel, _ service: HTTPService, _ loop: HTTPLoop) throws {
    let limits = loop.limits
    let peer = try peer(of: channel)
    let excess = max(
        count(channel, service.counters).excess(over: limits.maximumConnections),
        count(channel, of: peer, service.clientCounts, limits).excess(over: limits.maximumConnectionsPerClient))
    // A refusal with 503 needs a connection too, so there is a limit for refusals.
    guard !loop.isDraining, excess <= 64 else { throw ChannelError.ioOnClosedChannel }
    var parsing = NIOHTTPDecoderLimitConfiguration()
    parsing.maxHeaderFieldSize = limits.maximumHeader
    parsing.maxHeaderListSize = limits.maximumHeader
    parsing.maxHeaderFieldCount = limits.maximumHeaderFields
    let decoder = HTTPConnection.Decoder(
        HTTPRequestDecoder(leftOverBytesStrategy: .fireError, limitConfiguration: parsing))
    let connection = HTTPConnection(
        channel, decoder: decoder, peer: peer, service: service, loop: loop, isRefused: excess > 0)
    // Each connection keeps its buffer, so it is small until a body is announced: most clients only listen.
    try channel.syncOptions?.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1024))
    try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
    // If this many bytes of answers wait for a client, no further request of that client is answered.
    try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 4096, high: 16_384))
    // A client may close its sending side and still wait for its answers.
    try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
    try channel.pipeline.syncOperations.addHandlers([InboundPacer(), decoder, connection])
    loop.register(connection, for: channel)
}

/// The other end of `channel`.
private func peer(of channel: any Channel) throws -> Peer {
    guard channel.localAddress?.protocol == .unix else {
        guard let address = channel.remoteAddress else { throw ChannelError.ioOnClosedChannel }
        return .tcp(address: address)
    }
    let credentials = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) {
        PeerCredentials(socket: $0)
    }
    guard let credentials = credentials ?? nil else { throw ChannelError.unknownLocalAddress }
    return .unix(credentials)
}

/// Counts `channel` until it closes, and returns the number of connections.
private func count(_ channel: any Channel, _ counters: HTTPCounters) -> Int {
    channel.closeFuture.whenComplete { _ in counters.add(-1, to: .connection) }
    return counters.add(1, to: .connection)
}

/// Counts `channel` for its client until it closes, and returns the client's number of connections; 0 if that number is
/// not limited.
private func count(_ channel: any Channel, of peer: Peer, _ clientCounts: ClientConnectionCounts, _ limits: HTTPLimits)
    -> Int
{
    guard limits.maximumConnectionsPerClient > 0, case .tcp(let address) = peer, let client = IPAddress(address),
        !limits.isExemptFromClientLimit(client)
    else { return 0 }
    channel.closeFuture.whenComplete { _ in clientCounts.leave(client.clientNetwork) }
    return clientCounts.enter(client.clientNetwork)
}

extension Int {
    /// By how much a count is too high. An eighth of `limit` above it counts as 1: so many connections are answered 503
    /// before any is closed without an answer.
    fileprivate func excess(over limit: Int) -> Int { self <= limit ? 0 : Swift.max(1, self - limit - limit / 8) }
}
