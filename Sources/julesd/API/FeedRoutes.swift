// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The feed on its three channels: WebSocket, Server-Sent Events and long poll. All of them resume from the same `seq`.
struct FeedRoutes: Sendable {
    let store: SessionStore
    let feed: ChangeFeed
    /// Called when a client begins to follow sessions by id, so that it need not wait for the next poll.
    var follows: @Sendable () -> Void = {}

    /// The longest time that a long poll lasts.
    static let longestWait = Duration.seconds(50)
    /// How many sessions one client may follow by id. Each costs a request at every poll.
    static let mostSessions = 20

    var routes: [Route] {
        [
            Route(.GET, "/ws", webSocket), Route(.GET, "/api/events", eventStream),
            Route(.GET, "/api/deltas", deltas),
        ]
    }

    @Sendable private func webSocket(_ request: RouteRequest) throws -> HTTPResponse {
        switch request.request.webSocketHandshake() {
        case .failure(let refusal):
            let code = refusal.status == .upgradeRequired ? "upgrade_required" : "invalid_request"
            throw RequestError(refusal.status, code, refusal.message, headers: refusal.headers)
        case .success:
            let start = try start(request.request)
            let offer = BearerToken.presented(subprotocols: request.request.headers["sec-websocket-protocol"])
            return HTTPResponse(
                status: .switchingProtocols,
                body: .webSocket(subprotocol: offer?.subprotocol) { attach($0, over: .webSocket, start) })
        }
    }

    @Sendable private func eventStream(_ request: RouteRequest) throws -> HTTPResponse {
        var start = try start(request.request, resumesByQuery: true)
        // A browser that reconnects repeats its first query, so the header is newer than the query.
        if let last = request.request.headers.first(name: "last-event-id"), !last.isEmpty {
            guard let seq = Int64(last), seq >= 0 else {
                throw RequestError.invalid("Last-Event-ID", "must be the id of an event")
            }
            start.since = seq
        }
        return HTTPResponse(status: .ok, body: .eventStream { [start] in attach($0, over: .eventStream, start) })
    }

    @Sendable private func deltas(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        let since = resolve(query.integer("since", 0...Int64.max)) ?? store.head.seq
        let epoch = query.string("epoch")
        let limit = query.integer("limit", 1...500) ?? 100
        let wait = min(query.duration("wait") ?? .zero, Self.longestWait)
        try query.finish()
        var page = try await store.changes(after: since, epoch: epoch, limit: limit)
        if page.deltas.isEmpty, page.gap == nil, wait > .zero {
            await feed.wait(beyond: since, timeout: wait)
            page = try await store.changes(after: since, epoch: epoch, limit: limit)
        }
        var body = Array(#"{"deltas":["#.utf8)
        body.append(list: page.deltas.lazy.map(\.json))
        body.append(contentsOf: "]".utf8)
        body.append(member: "seq", JSON(page.head.seq))
        body.append(member: "epoch", .string(page.head.epoch))
        body.append(member: "nextSince", JSON(page.next))
        if let gap = page.gap {
            body.append(member: "gap", ["from": JSON(gap.lowerBound), "to": JSON(gap.upperBound)])
        }
        body.append(UInt8(ascii: "}"))
        return .json(.ok, body)
    }

    /// - Parameter resumesByQuery: whether `lastEventId` takes precedence over `since`. Clients that cannot set
    ///   `Last-Event-ID` send it.
    private func start(_ request: HTTPRequest, resumesByQuery: Bool = false) throws(RequestError) -> FeedStart {
        var query = RequestQuery(request)
        var start = FeedStart()
        start.since = resolve(query.integer("since", 0...Int64.max))
        if resumesByQuery, let last = query.integer("lastEventId", 0...Int64.max) { start.since = last }
        start.epoch = query.string("epoch")
        start.wantsActivities = query.choice("activities", ["0": false, "1": true]) ?? false
        start.wantsQueue = query.choice("queue", ["0": false, "1": true]) ?? false
        let sessions = query.strings("session")
        if sessions.count > Self.mostSessions {
            query.fault("session", "may be given \(Self.mostSessions) times at most")
        }
        if !sessions.allSatisfy(ResourceID.isSession) { query.fault("session", "must be the id of a session") }
        if start.wantsActivities { start.sessions = Set(sessions) }
        try query.finish()
        return start
    }

    private func attach(_ connection: any PushConnection, over channel: PushChannel, _ start: FeedStart) {
        feed.attach(connection, over: channel, start)
        if !start.sessions.isEmpty { follows() }
    }

    /// 0 stands for the beginning of the epoch.
    private func resolve(_ since: Int64?) -> Int64? { since == 0 ? store.origin : since }
}
