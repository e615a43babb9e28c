// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport

/// A webhook receiver in this process. It stores the requests, and answers as the test says.
final class FakeEndpoint: Sendable {
    /// One request.
    struct Call: Sendable, CustomStringConvertible {
        /// The names are in lower case.
        var headers: [String: String]
        var body: String

        var id: String { headers["webhook-id"] ?? "" }
        var json: JSON { (try? JSON(parsing: Array(body.utf8))) ?? .null }
        var session: String { json["id"]?.string ?? "" }
        var seq: Int { json["seq"]?.int ?? 0 }
        var description: String { "\(id) seq \(seq) of \(session)" }
    }

    struct Answer: Sendable {
        var status = 204
        var headers: HTTPHeaders = [:]
        /// Whether the request is never answered.
        var hangs = false

        static let ok = Answer()
        static let silence = Answer(hangs: true)
    }

    let url: String
    /// All requests in the order of arrival.
    let calls: Mailbox<Call>
    private let state: Desk
    private let channel: any Channel

    private init(_ state: Desk, _ channel: any Channel) {
        self.state = state
        self.channel = channel
        calls = state.calls
        url = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/hook-secret-path"
    }

    deinit { channel.close(promise: nil) }

    static func start(_ answer: @escaping @Sendable (Call) -> Answer = { _ in .ok }) async throws -> FakeEndpoint {
        let desk = Desk(answer)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(EndpointConnection(desk))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FakeEndpoint(desk, channel)
    }

    /// Changes the answer from now on.
    func answer(_ answer: @escaping @Sendable (Call) -> Answer) { state.answer.withLock { $0 = answer } }

    /// The largest number of requests that waited for an answer at the same time.
    var mostWaiting: Int { state.waiting.withLock(\.most) }

    /// Takes the next request.
    func next(_ what: String = "a delivery") async throws -> Call {
        guard let call = try await calls.next(what) else {
            throw OverdueError(what: what, reason: "the endpoint has closed")
        }
        return call
    }

    fileprivate final class Desk: Sendable {
        let calls = Mailbox<Call>()
        let answer: Mutex<@Sendable (Call) -> Answer>
        let waiting = Mutex((now: 0, most: 0))

        init(_ answer: @escaping @Sendable (Call) -> Answer) { self.answer = Mutex(answer) }

        func take(_ call: Call) -> Answer {
            let answer = answer.withLock { $0 }(call)
            if answer.hangs {
                waiting.withLock { waiting in
                    waiting.now += 1
                    waiting.most = max(waiting.most, waiting.now)
                }
            }
            calls.put(call)
            return answer
        }
    }
}

private final class EndpointConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let desk: FakeEndpoint.Desk
    private var headers: [String: String] = [:]
    private var body = ByteBuffer()
    private var isWaiting = false

    init(_ desk: FakeEndpoint.Desk) { self.desk = desk }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            headers = Dictionary(
                head.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { "\($0), \($1)" })
            body.clear()
        case .body(let piece): body.writeImmutableBuffer(piece)
        case .end:
            let answer = desk.take(FakeEndpoint.Call(headers: headers, body: String(buffer: body)))
            isWaiting = answer.hangs
            guard !isWaiting else { return }
            var headers = answer.headers
            headers.replaceOrAdd(name: "content-length", value: "0")
            let head = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: answer.status),
                headers: answer.status == 204 ? answer.headers : headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isWaiting { desk.waiting.withLock { $0.now -= 1 } }
    }
}
