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
    ///   - limits: what clients may take.
    ///   - problem: makes the answer where the server itself refuses a request.
    ///   - onLoopTick: called with a loop's index about once a second, by that loop, as long as it makes progress.
    ///   - respond: answers a request. Runs on the connection's event loop, so it must not block; it is cancelled when the
    ///     client goes away.
    public init(
        group: MultiThreadedEventLoopGroup,
        limits: HTTPLimits = HTTPLimits(),
        problem: @escaping ProblemForm = HTTPServer.problem,
        onLoopTick: (@Sendable (Int) -> Void)? = nil,
        respond: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) {
        self.group = group
        service = HTTPService(limits: limits, respond: respond, problem: problem)
        let eventLoops = Array(group.makeIterator())
        loops = Dictionary(
            uniqueKeysWithValues: eventLoops.map {
                (
                    ObjectIdentifier($0),
                    BoundLoop(eventLoop: $0, state: .makeBoxSendingValue(HTTPLoop($0), eventLoop: $0))
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
    /// finish, and after `grace` cuts what is left. Returns when all connections are gone.
    public func drain(grace: Duration) async {
        let listening = listeners.withLock { listeners in
            defer { listeners.open = [] }
            listeners.isClosed = true
            return listeners.open
        }
        for (channel, file) in listening {
            file?.remove()
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
}

/// Sets up a connection that was just accepted; throwing closes it.
private func accept(_ channel: any Channel, _ service: HTTPService, _ loop: HTTPLoop) throws {
    let limits = service.limits
    let counters = service.counters
    let number = counters.add(1, to: .connection)
    channel.closeFuture.whenComplete { _ in counters.add(-1, to: .connection) }
    // Refusing politely costs a connection too, hence an end to politeness.
    guard !loop.isDraining, number <= limits.maximumConnections + limits.maximumConnections / 8 + 64 else {
        throw ChannelError.ioOnClosedChannel
    }
    let pipeline = channel.pipeline.syncOperations
    let peer: Peer
    if channel.localAddress?.protocol == .unix {
        let credentials = try pipeline.withUnsafeTransportIfAvailable(of: CInt.self) { PeerCredentials(socket: $0) }
        guard let credentials = credentials ?? nil else { throw ChannelError.unknownLocalAddress }
        peer = .unix(credentials)
    } else {
        guard let address = channel.remoteAddress else { throw ChannelError.ioOnClosedChannel }
        peer = .tcp(address: address)
    }
    var parsing = NIOHTTPDecoderLimitConfiguration()
    parsing.maxHeaderFieldSize = limits.maximumHeader
    parsing.maxHeaderListSize = limits.maximumHeader
    let decoder = HTTPConnection.Decoder(
        HTTPRequestDecoder(leftOverBytesStrategy: .fireError, limitConfiguration: parsing))
    let connection = HTTPConnection(
        channel, decoder: decoder, peer: peer, service: service, loop: loop,
        isRefused: number > limits.maximumConnections)
    try pipeline.addHandlers([decoder, connection])
    loop.register(connection, for: channel)
}
