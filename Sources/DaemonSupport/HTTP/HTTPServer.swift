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

    /// A server that listens nowhere yet.
    ///
    /// - Parameters:
    ///   - group: the event loops that carry the connections.
    ///   - limits: what clients may take, until `apply` says otherwise.
    ///   - problem: makes the answer where the server itself refuses a request.
    ///   - onLoopTick: called with a loop's index about once a second, by that loop, as long as it makes progress.
    ///   - takesBody: whether the body of a request, of which the head alone is known, is worth being read and kept; else the
    ///     request is answered without. Runs on the event loop.
    ///   - respond: answers a request. Runs on the connection's event loop, so it must not block; it is cancelled when the
    ///     client goes away.
    public init(
        group: MultiThreadedEventLoopGroup,
        limits: HTTPLimits = HTTPLimits(),
        problem: @escaping ProblemForm = HTTPServer.problem,
        onLoopTick: (@Sendable (Int) -> Void)? = nil,
        takesBody: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true },
        respond: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) {
        self.group = group
        service = HTTPService(takesBody: takesBody, respond: respond, problem: problem)
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

    deinit {
        for tick in ticks { tick.cancel() }
    }

    /// How many connections there are, of all kinds.
    public var connectionCount: Int { service.counters.connections.load(ordering: .relaxed) }
    /// How many of them are WebSockets.
    public var webSocketCount: Int { service.counters.webSockets.load(ordering: .relaxed) }
    /// How many of them are event streams.
    public var eventStreamCount: Int { service.counters.eventStreams.load(ordering: .relaxed) }

    /// Puts other limits in force, without a word to the connections there are.
    public func apply(_ limits: HTTPLimits) {
        for loop in loops.values { loop.eventLoop.execute { loop.state.value.limits = limits } }
    }

    /// Makes the answer to a request that the server refuses: the request without its body, or `nil` where what came was none.
    public typealias ProblemForm =
        @Sendable (HTTPRequest?, HTTPResponseStatus, _ code: String, _ message: String) -> HTTPResponse

    /// The plain form of a refusal: `{"error":"<code>","message":"…"}`.
    public static let problem: ProblemForm = { _, status, code, message in
        var body = Array(#"{"error":"#.utf8)
        JSON.write(code, to: &body)
        body += Array(#","message":"#.utf8)
        JSON.write(message, to: &body)
        body.append(UInt8(ascii: "}"))
        return .json(status, body)
    }

    /// Takes connections on `address`, and answers the address it is bound to.
    @discardableResult
    public func listen(on address: ListenAddress) async throws(ListenError) -> SocketAddress {
        let socket = try await ListeningSocket.open(address)
        do {
            let service = service
            let loops = loops
            let channel = try await ServerBootstrap(group: group)
                // Many clients come at once after a restart.
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
            // NIO listens with a backlog of 128; the kernel cuts this one to net.core.somaxconn (listen(2)).
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

    /// Stops: takes no further connection, closes idle ones and, with 1012, those that are pushed to, lets running requests
    /// finish and those come in whose client has only just connected, and after `grace` cuts what is left. Returns when all
    /// connections are gone.
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

    /// Leaves further connections to the kernel, and sees those off to their loops that it has handed out already: NIO closes
    /// a connection that is on its way there when the listener closes.
    private func settle(_ listener: any Channel) async {
        try? await listener.setOption(.autoRead, value: false).get()
        for loop in loops.values { try? await loop.eventLoop.submit {}.get() }
        try? await listener.eventLoop.submit {}.get()
    }
}

/// Sets up a connection that was just accepted; throwing closes it.
private func accept(_ channel: any Channel, _ service: HTTPService, _ loop: HTTPLoop) throws {
    let limits = loop.limits
    let peer = try peer(of: channel)
    let excess = max(
        count(channel, service.counters).excess(over: limits.maximumConnections),
        count(channel, of: peer, service.clientCounts, limits).excess(over: limits.maximumConnectionsPerClient))
    // Refusing politely costs a connection too, hence an end to politeness.
    guard !loop.isDraining, excess <= 64 else { throw ChannelError.ioOnClosedChannel }
    var parsing = NIOHTTPDecoderLimitConfiguration()
    parsing.maxHeaderFieldSize = limits.maximumHeader
    parsing.maxHeaderListSize = limits.maximumHeader
    parsing.maxHeaderFieldCount = limits.maximumHeaderFields
    let decoder = HTTPConnection.Decoder(
        HTTPRequestDecoder(leftOverBytesStrategy: .fireError, limitConfiguration: parsing))
    let connection = HTTPConnection(
        channel, decoder: decoder, peer: peer, service: service, loop: loop, isRefused: excess > 0)
    // A buffer that grows with what a client sends would stay large on each of ten thousand connections.
    try channel.syncOptions?.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16_384))
    try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
    // Of a client that takes no answers, no further request is answered once so many bytes wait beside the last answer.
    try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 4096, high: 16_384))
    // A client may end its side and still wait for its answers.
    try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
    try channel.pipeline.syncOperations.addHandlers([InboundPacer(), decoder, connection])
    loop.register(connection, for: channel)
}

/// Who is at the other end of `channel`.
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

/// Counts `channel` until it closes, and answers how many there are.
private func count(_ channel: any Channel, _ counters: HTTPCounters) -> Int {
    channel.closeFuture.whenComplete { _ in counters.add(-1, to: .connection) }
    return counters.add(1, to: .connection)
}

/// Counts `channel` among those of its client until it closes, and answers how many the client has; 0 where that is not limited.
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
    /// By how much a count is too high, with an eighth of `limit` counting as one: many are refused politely before any is cut.
    fileprivate func excess(over limit: Int) -> Int { self <= limit ? 0 : Swift.max(1, self - limit - limit / 8) }
}
