// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import Wording

@testable import julesd

/// The API, the feed and the server, connected as in the daemon, on a free port.
private struct Served {
    let store: SessionStore
    let metrics = Metrics()
    let server: HTTPServer
    let port: Int
    /// Yields each time a change set was sent to all clients.
    let deliveries: AsyncStream<Void>
    private let http = HTTPClient(userAgent: "julesd-test/1")

    init(rateLimit: Int = 60) async throws {
        var settings = Settings()
        settings.localToken = Secret("0123456789abcdef")
        settings.rateLimit = rateLimit
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let group = MultiThreadedEventLoopGroup.singleton
        store = try await TestStore.open(now: .now)
        let (deliveries, told) = AsyncStream<Void>.makeStream()
        self.deliveries = deliveries
        let feed = ChangeFeed(store: store, group: group) { [metrics] set in
            metrics.noteDelivered(set)
            told.yield()
        }
        store.follow { feed.publish($0) }
        let api = API(
            routes: FeedRoutes(store: store, feed: feed, follows: {}).routes
                + MetricsRoutes(registry: metrics.registry).routes,
            gate: RequestGate(settings: settings, logger: logger), metrics: metrics, logger: logger)
        server = HTTPServer(
            group: group,
            problem: api.refuse, answer: api.answer)
        metrics.include(server)
        port = try #require(try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)).port)
    }

    /// Sends a request without a token.
    func get(_ path: String, method: String = "GET") async throws -> ClientResponse {
        try await http.send(
            ClientRequest(
                method: method, url: "http://127.0.0.1:\(port)\(path)", headers: [], body: nil, timeout: .seconds(10)))
    }

    func scrape() async throws -> String { String(decoding: try await get("/metrics").body, as: UTF8.self) }

    /// Connects to `path` with the token, and passes `body` everything after the head of the answer.
    func stream(
        _ path: String, _ body: (inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) async throws -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(
                ByteBuffer(
                    string:
                        "GET \(path) HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer 0123456789abcdef\r\n\r\n"))
            var iterator = inbound.makeAsyncIterator()
            try await body(&iterator)
        }
    }
}

extension NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator {
    /// Reads until `text` was received.
    fileprivate mutating func read(upTo text: String) async throws {
        var received = ""
        while !received.contains(text) {
            received += String(buffer: try #require(try await next(), "closed after: \(received)"))
        }
    }
}

@Suite("Scrape", .timeLimit(.minutes(1)))
struct ScrapeTests {
    @Test("A scrape is answered over a socket, without a token, as text of version 0.0.4")
    func answer() async throws {
        let served = try await Served()
        let response = try await served.get("/metrics")
        #expect(response.status == 200)
        #expect(response.first("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(text.contains("# TYPE julesd_http_requests_total counter\n"))
        #expect(text.contains(#"julesd_build_info{version="\#(programVersion)","#))
        await served.server.drain(grace: .zero)
    }

    @Test("Earlier requests are counted, and text that a client invents makes no series")
    func requests() async throws {
        let served = try await Served(rateLimit: 1)
        _ = try await served.get("/api/deltas")
        _ = try await served.get("/api/deltas")
        for path in ["/nothing", "/%22here", "/api/none"] { _ = try await served.get(path, method: "PROPFIND") }
        let lines = try await served.scrape().split(separator: "\n")
        #expect(
            lines.filter { $0.hasPrefix("julesd_http_requests_total{") } == [
                #"julesd_http_requests_total{method="GET",route="/api/deltas",status="401"} 1"#,
                #"julesd_http_requests_total{method="GET",route="/api/deltas",status="429"} 1"#,
                #"julesd_http_requests_total{method="other",route="unknown",status="401"} 1"#,
                #"julesd_http_requests_total{method="other",route="unknown",status="404"} 2"#,
            ])
        #expect(lines.contains(#"julesd_rate_limited_total{scope="client"} 1"#))
        await served.server.drain(grace: .zero)
    }

    @Test("A connection that is refused before its request is counted")
    func refusal() async throws {
        let served = try await Served()
        _ = try await served.get("/metrics", method: "FROB")
        #expect(
            try await served.scrape()
                .contains(#"julesd_http_requests_total{method="other",route="unknown",status="400"} 1"#))
        await served.server.drain(grace: .zero)
    }

    @Test("Connected clients are counted, and a change is timed up to its last client")
    func feed() async throws {
        let served = try await Served()
        // There are no followers, so nothing is timed.
        try await served.store.record([session("1")], as: .live, at: .now)
        #expect(try await served.scrape().contains("julesd_sse_connections 0\n"))
        try await served.stream("/api/events") { stream in
            try await stream.read(upTo: "event: hello")
            let connected = try await served.scrape()
            #expect(connected.contains("julesd_sse_connections 1\n"))
            #expect(connected.contains("julesd_websocket_connections 0\n"))
            #expect(connected.contains("julesd_delta_latency_seconds_count 0\n"))
            try await served.store.record([session("2"), session("3")], as: .live, at: .now)
            try await stream.read(upTo: "event: session_update")
            var deliveries = served.deliveries.makeAsyncIterator()
            await deliveries.next()
            #expect(try await served.scrape().contains("julesd_delta_latency_seconds_count 1\n"))
        }
        await served.server.drain(grace: .zero)
    }
}
