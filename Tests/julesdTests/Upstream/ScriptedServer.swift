// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An upstream on a loopback port that answers as the test says, and stores the requests.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        var method: HTTPMethod
        /// The path as received, without the query.
        var path: String
        var query: HTTPQuery
        var headers: HTTPHeaders
        var body: [UInt8]
        /// Method and path, such as `GET /sessions/1`.
        var line: String { "\(method.rawValue) \(path)" }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    enum Answer: Sendable {
        case reply(Int, headers: HTTPHeaders = [:], String)
        /// No answer until the client closes.
        case silence
        /// The connection is closed without an answer.
        case hangUp

        static func json(_ text: String) -> Answer { .reply(200, headers: ["content-type": "application/json"], text) }

        /// An error in the form of Google's APIs. `details` is JSON text.
        static func error(
            _ code: Int, _ status: String, message: String = "", headers: HTTPHeaders = [:], details: String = "[]"
        ) -> Answer {
            let message = JSON.string(message).description
            return .reply(
                code, headers: headers,
                #"{"error":{"code":\#(code),"message":\#(message),"status":"\#(status)","details":\#(details)}}"#)
        }
    }

    private let channel: any Channel
    private let store: Log

    /// The base URL, without a slash at its end.
    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    /// All requests so far.
    var requests: [Request] { store.requests.withLock { $0 } }
    /// The requests as they arrive, for one reader.
    var arrivals: AsyncStream<Request> { store.arrivals.stream }

    /// Serves until ``stop()`` or until it is released. `answer` may wait for anything.
    init(_ answer: @escaping @Sendable (Request) async -> Answer) async throws {
        let store = Log()
        self.store = store
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(store, answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Answers with the parts of `script` in turn, for any request, and then with 500.
    convenience init(script: [Answer]) async throws {
        let rest = Rest(script)
        try await self.init { _ in
            rest.answers.withLock {
                $0.isEmpty ? .error(500, "INTERNAL", message: "the script is over") : $0.removeFirst()
            }
        }
    }

    deinit {
        channel.close(promise: nil)
    }

    /// Refuses new connections from now on.
    func stop() async throws {
        try await channel.close()
    }

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
        let arrivals = AsyncStream.makeStream(of: Request.self)
    }

    private final class Rest: Sendable {
        let answers: Mutex<[Answer]>
        init(_ answers: [Answer]) { self.answers = Mutex(answers) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        private let store: Log
        private let answer: @Sendable (Request) async -> Answer
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ store: Log, _ answer: @escaping @Sendable (Request) async -> Answer) {
            self.store = store
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body.append(contentsOf: part.readableBytesView)
            case .end:
                guard let head else { return }
                let parts = head.uri.split(separator: "?", maxSplits: 1).map(String.init)
                let request = Request(
                    method: head.method, path: parts[0], query: HTTPQuery(parts.count > 1 ? parts[1] : ""),
                    headers: head.headers, body: body)
                store.requests.withLock { $0.append(request) }
                store.arrivals.continuation.yield(request)
                let channel = context.channel
                let answer = answer
                channel.eventLoop.makeFutureWithTask { await answer(request) }
                    .whenSuccess { $0.send(on: channel) }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}

extension ScriptedServer.Answer {
    fileprivate func send(on channel: any Channel) {
        switch self {
        case .reply(let status, var headers, let text):
            let body = ByteBuffer(string: text)
            headers.replaceOrAdd(name: "content-length", value: String(body.readableBytes))
            let head = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        case .silence: break
        case .hangUp: channel.close(promise: nil)
        }
    }
}
