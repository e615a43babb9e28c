// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOCore
import NIOPosix

@testable import julesd

/// A store and all that serves it but for the parts that work by themselves: nothing happens that nobody asks for.
struct Served: Sendable {
    let store: SessionStore
    let socket: String
    private let upstream: Upstream
    private let feed: ChangeFeed
    private let server: HTTPServer

    /// One event loop, so that the order of things is the same each time.
    init(_ store: SessionStore, api: String, socket: String) {
        let logger = Logger(label: "icount") { _ in SwiftLogNoOpLogHandler() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let feed = ChangeFeed(store: store, group: group)
        store.follow { feed.publish($0) }
        upstream = Upstream(
            client: JulesClient(
                http: HTTPClient(userAgent: "julesd-icount/1"), base: api, key: "any", timeout: .seconds(60)),
            budget: 1_000_000, interval: .seconds(3600), store: store, onNewActivities: { _, _ in }, onTurn: { _ in },
            alive: { _ in }, logger: logger)
        let queue = TaskQueue(store: store, upstream: upstream, limits: TaskLimits(), logger: logger)
        let routes =
            FeedRoutes(store: store, feed: feed).routes
            + SessionRoutes(store: store, actions: upstream.actions, queue: queue).routes
        let api = API(routes: routes, gate: RequestGate(settings: Settings(), logger: logger), logger: logger)
        // Under callgrind everything takes fifty times as long, and no time must pass for what is counted to be the same.
        var limits = HTTPLimits()
        limits.headerTimeout = .hours(1)
        limits.idleTimeout = .hours(1)
        limits.writeTimeout = .hours(1)
        limits.pingInterval = .hours(1)
        server = HTTPServer(
            group: group, limits: limits, problem: api.refuse, takesBody: api.takesBody, answer: api.answer)
        self.store = store
        self.socket = socket
        self.feed = feed
    }

    func listen() async throws {
        _ = DescriptorLimit.raise()
        try await server.listen(on: .unix(path: socket, mode: 0o600))
    }

    /// Reads the whole account.
    func readAccount(as reading: SessionStore.Reading) async throws {
        await upstream.account.check()
        var token: String?
        repeat {
            let page = try await upstream.poller.list.page(token, for: .background)
            _ = try await upstream.poller.recorder.record(page, as: reading)
            token = page.list.nextPageToken
        } while token != nil
    }

    /// Changes so many sessions in one commit, told to all clients.
    func change(_ count: Int) async throws {
        // Another text each time, of the same length.
        let mark = store.head.seq % 1_000_000 + 1_000_000
        let sessions = (0..<count).compactMap {
            Session(wire: Array(#"{"id":"\#(10_000 + $0)","title":"Change \#(mark)"}"#.utf8))
        }
        try await store.record(sessions, as: .live, at: .now)
    }

    /// A WebSocket client.
    func webSocket(_ query: String = "") throws -> Client {
        let client = try Client(socket)
        try client.send(
            "GET /ws\(query) HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        try client.awaitHead()
        return client
    }
}
