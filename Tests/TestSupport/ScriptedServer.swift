// SPDX-License-Identifier: Apache-2.0

public import DaemonSupport
import Glibc
public import NIOCore
public import NIOHTTP1
import NIOPosix
import Synchronization

/// A server on a loopback port that answers as the test says and records all requests. It can misbehave.
public final class ScriptedServer: Sendable {
    /// A request as received.
    public struct Request: Sendable {
        /// The number of its connection, from 1.
        public let connection: Int
        /// The method.
        public let method: HTTPMethod
        /// Path and query as received.
        public let target: String
        /// The header fields in order of arrival.
        public let headers: HTTPHeaders
        /// The whole body; empty if there is none.
        public let body: [UInt8]
        /// The path as received, without the query.
        public var path: String { String(target.prefix { $0 != "?" }) }
        /// The pairs of the query; empty if there is none.
        public var query: HTTPQuery { HTTPQuery(target.drop { $0 != "?" }.dropFirst()) }
        /// Method and path, such as `GET /sessions/1`.
        public var line: String { "\(method.rawValue) \(path)" }
        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// The reaction to a request.
    public enum Answer: Sendable {
        case reply(Int, headers: HTTPHeaders = [:], String)
        /// These bytes, whatever they are; `closes` ends the connection after them.
        case raw([UInt8], closes: Bool = false)
        /// The head, then the part again and again until the client disconnects.
        case endless(head: String, part: String, every: TimeAmount)
        /// No answer.
        case silence
        /// The end of the connection.
        case hangUp
        /// The end of the connection by a TCP reset.
        case reset
    }

    private let channel: any Channel
    private let log: Log

    /// The base URL, without a slash at its end.
    public var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    /// All requests so far.
    public var requests: [Request] { log.requests.withLock { $0 } }
    /// The requests in order of arrival; for one reader.
    public var arrivals: AsyncStream<Request> { log.arrivals.stream }
    /// The number of each connection that closes; for one reader.
    public var closures: AsyncStream<Int> { log.closures.stream }

    /// Serves until ``stop()`` or until the value is released.
    ///
    /// - Parameters:
    ///   - closed: called with the number of each connection that closes.
    ///   - take: called on the connection's event loop with each request and a function that answers it. The function is called
    ///     once, now or later.
    public init(
        closed: @escaping @Sendable (Int) -> Void = { _ in },
        take: @escaping @Sendable (Request, @escaping @Sendable (Answer) -> Void) -> Void
    ) async throws {
        let log = Log()
        self.log = log
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(HTTPRequestDecoder()), Handler(log, closed, take))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Answers with the result of `answer`, which may take as long as it likes.
    public convenience init(_ answer: @escaping @Sendable (Request) async -> Answer) async throws {
        try await self.init(take: { request, reply in Task { reply(await answer(request)) } })
    }

    /// Answers with the elements of `script` in order, then with 500.
    public convenience init(script: [Answer]) async throws {
        let rest = Rest(script)
        try await self.init { _ in
            rest.answers.withLock {
                $0.isEmpty ? .error(500, "INTERNAL", message: "the script is over") : $0.removeFirst()
            }
        }
    }

    deinit { channel.close(promise: nil) }

    /// Refuses new connections from now on.
    public func stop() async throws { try await channel.close() }

    private final class Log: Sendable {
        let connections = Mutex(0)
        let requests = Mutex<[Request]>([])
        let arrivals = AsyncStream.makeStream(of: Request.self)
        let closures = AsyncStream.makeStream(of: Int.self)
    }

    private final class Rest: Sendable {
        let answers: Mutex<[Answer]>
        init(_ answers: [Answer]) { self.answers = Mutex(answers) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        private let log: Log
        private let closed: @Sendable (Int) -> Void
        private let take: @Sendable (Request, @escaping @Sendable (Answer) -> Void) -> Void
        private let connection: Int
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(
            _ log: Log, _ closed: @escaping @Sendable (Int) -> Void,
            _ take: @escaping @Sendable (Request, @escaping @Sendable (Answer) -> Void) -> Void
        ) {
            (self.log, self.closed, self.take) = (log, closed, take)
            connection = log.connections.withLock { count in
                count += 1
                return count
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body.append(contentsOf: part.readableBytesView)
            case .end:
                guard let head else { return }
                let request = Request(
                    connection: connection, method: head.method, target: head.uri, headers: head.headers, body: body)
                log.requests.withLock { $0.append(request) }
                log.arrivals.continuation.yield(request)
                let channel = context.channel
                take(request) { $0.send(on: channel) }
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            log.closures.continuation.yield(connection)
            closed(connection)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension ScriptedServer.Answer {
    /// 200 with this text.
    public static func text(_ text: String, headers: HTTPHeaders = [:]) -> Self { .reply(200, headers: headers, text) }

    /// 200 with this JSON.
    public static func json(_ text: String) -> Self { .reply(200, headers: ["content-type": "application/json"], text) }

    /// This text as it goes over the wire.
    public static func raw(_ text: String, closes: Bool = false) -> Self { .raw(Array(text.utf8), closes: closes) }

    /// An error as Google's APIs send it; `details` is JSON text.
    public static func error(
        _ code: Int, _ status: String, message: String = "", headers: HTTPHeaders = [:], details: String = "[]"
    ) -> Self {
        let message = JSON.string(message).description
        return .reply(
            code, headers: headers,
            #"{"error":{"code":\#(code),"message":\#(message),"status":"\#(status)","details":\#(details)}}"#)
    }

    fileprivate func send(on channel: any Channel) {
        switch self {
        case .reply(let status, var headers, let text):
            headers.replaceOrAdd(name: "content-length", value: String(text.utf8.count))
            let phrase = HTTPResponseStatus(statusCode: status).reasonPhrase
            let fields = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
            channel.writeAndFlush(
                ByteBuffer(string: "HTTP/1.1 \(status) \(phrase)\r\n\(fields)\r\n\(text)"), promise: nil)
        case .raw(let bytes, let closes):
            channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { _ in
                if closes { channel.close(promise: nil) }
            }
        case .endless(let head, let part, let pause):
            channel.writeAndFlush(ByteBuffer(string: head), promise: nil)
            channel.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { task in
                if channel.isActive {
                    channel.writeAndFlush(ByteBuffer(string: part), promise: nil)
                } else {
                    task.cancel()
                }
            }
        case .silence: break
        case .hangUp: channel.close(promise: nil)
        case .reset:
            // A linger time of 0 turns the close into a reset (socket(7), SO_LINGER).
            (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                .whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
