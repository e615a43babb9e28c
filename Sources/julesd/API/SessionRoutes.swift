// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// Sessions: read from our copy, changed through the Jules API.
struct SessionRoutes: Sendable {
    let store: SessionStore
    let actions: SessionActions
    let queue: TaskQueue
    private let lists = SessionListCache()

    init(store: SessionStore, actions: SessionActions, queue: TaskQueue) {
        self.store = store
        self.actions = actions
        self.queue = queue
    }

    var routes: [Route] {
        [
            Route(.GET, "/api/sessions", answer: list), Route(.POST, "/api/sessions", create),
            Route(.GET, "/api/sessions/{id}", show), Route(.GET, "/api/sessions/{id}/activities", activities),
            Route(.POST, "/api/sessions/{id}/approve", approve), Route(.POST, "/api/sessions/{id}/message", message),
            Route(.DELETE, "/api/sessions/{id}", delete), Route(.POST, "/api/sessions/{id}/archive", archive(true)),
            Route(.POST, "/api/sessions/{id}/unarchive", archive(false)), Route(.GET, "/api/sources", sources),
        ]
    }

    @Sendable private func list(_ request: RouteRequest) throws -> RouteAnswer {
        let query = try SessionQuery(request.request)
        let position = store.position
        if let body = lists.body(of: query, at: position) { return .ready(.json(.ok, .shared(body)).tagged) }
        return .pending {
            let body = SharedBody(try await self.body(of: query, at: position.head))
            lists.keep(body, of: query, at: position)
            return .json(.ok, .shared(body)).tagged
        }
    }

    private func body(of query: SessionQuery, at head: LogHead) async throws -> [UInt8] {
        let page = try await store.sessions(query)
        var body = Array(#"{"sessions":["#.utf8)
        body.append(list: page.bodies)
        body.append(contentsOf: "]".utf8)
        if let next = page.next { body.append(member: "nextCursor", .string(next.cursor)) }
        body.append(member: "seq", JSON(head.seq))
        body.append(member: "epoch", .string(head.epoch))
        if page.bodies.isEmpty, let repository = query.repository,
            let near = try await store.repository(near: repository)
        {
            body.append(member: "near", .string(near))
        }
        body.append(UInt8(ascii: "}"))
        return body
    }

    @Sendable private func create(_ request: RouteRequest) async throws -> HTTPResponse {
        let body = try NewSessionBody(request.request)
        if let priority = body.queuePriority {
            return try await QueueRoutes(queue: queue).add(body.session, priority, request)
        }
        let session = try await actions.create(body.session, under: try request.idempotencyKey("create"))
        var response = HTTPResponse.json(.created, session.body)
        response.headers.add(name: "location", value: "/api/sessions/\(session.id)")
        return response
    }

    @Sendable private func show(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        let refresh = query.choice("refresh", ["0": false, "1": true]) ?? false
        try query.finish()
        let id = request.sessionID
        let session = refresh ? try await actions.lookup.refresh(id) : try await actions.lookup.session(id)
        return .json(.ok, try found(session, id).body).tagged
    }

    @Sendable private func activities(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        let after = query.string("after")
        let limit = query.integer("limit", 1...500) ?? 100
        try query.finish()
        let id = request.sessionID
        try await actions.lookup.refreshActivities(of: try await actions.lookup.existing(id))
        guard let page = try await store.activities(of: id, after: after, limit: limit) else {
            throw RequestError.invalid("after", "is not an activity of this session")
        }
        var body = Array(#"{"activities":["#.utf8)
        body.append(list: page.bodies)
        body.append(contentsOf: "]".utf8)
        if let next = page.next { body.append(member: "nextCursor", .string(next)) }
        body.append(UInt8(ascii: "}"))
        return .json(.ok, body).tagged
    }

    @Sendable private func approve(_ request: RouteRequest) async throws -> HTTPResponse {
        var body = try RequestBody(request.request)
        let state = body.string("state") ?? "approved"
        let planID = body.string("planId")
        if state == "rejected" {
            body.fault(
                "state",
                "cannot be rejected: send a message that asks for another plan, or archive the session to stop it")
                as Void?
        } else if state != "approved" {
            body.fault("state", "must be approved") as Void?
        }
        try body.finish()
        let id = request.sessionID
        let key = try request.idempotencyKey("approve \(id)")
        return .json(.ok, try await actions.approve(id, plan: planID, under: key).body)
    }

    @Sendable private func message(_ request: RouteRequest) async throws -> HTTPResponse {
        var body = try RequestBody(request.request)
        let text = body.string("message", required: true, length: 1...SessionActions.longestMessage)
        try body.finish()
        let id = request.sessionID
        try await actions.send(text ?? "", to: id, under: try request.idempotencyKey("message \(id)"))
        return .json(.ok, Array(#"{"ok":true}"#.utf8))
    }

    @Sendable private func delete(_ request: RouteRequest) async throws -> HTTPResponse {
        try await actions.delete(request.sessionID)
        return HTTPResponse(status: .noContent)
    }

    private func archive(_ archived: Bool) -> @Sendable (RouteRequest) async throws -> HTTPResponse {
        { request in
            var body = try RequestBody(request.request)
            try body.finish()
            return .json(.ok, try await actions.setArchived(archived, request.sessionID).body)
        }
    }

    @Sendable private func sources(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        try query.finish()
        var body = Array(#"{"sources":["#.utf8)
        body.append(list: try await actions.sources())
        body.append(contentsOf: "]}".utf8)
        return .json(.ok, body).tagged
    }

    private func found(_ session: Session?, _ id: String) throws(RequestError) -> Session {
        guard let session else { throw .noSession(id) }
        return session
    }
}

extension RouteRequest {
    /// The key under which the request may be repeated; `nil` if there is none.
    ///
    /// - Parameter target: the action and its object, such as `message 42`.
    /// - Throws: `RequestError` if the field is malformed or given twice.
    func idempotencyKey(_ target: String) throws(RequestError) -> IdempotencyKey? {
        let fields = request.headers["idempotency-key"]
        guard let text = fields.first else { return nil }
        guard fields.count == 1, (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ 0x20...0x7E ~= $0 })
        else { throw .invalid("Idempotency-Key", "must be one text of 1 to 255 visible ASCII characters") }
        return IdempotencyKey(text: text, target: target, digest: sha256(request.body))
    }
}

extension SessionQuery {
    /// The query of `GET /api/sessions`.
    init(_ request: HTTPRequest) throws(RequestError) {
        var query = RequestQuery(request)
        self.init()
        states = Set((query.string("state") ?? "").split(separator: ",").map { SessionState(String($0)) })
        repository = query.string("repo")
        archived = query.choice("archived", ["0": .no, "1": .yes, "all": .all]) ?? .no
        attention = query.choice("attention", ["0": false, "1": true]) ?? false
        text = query.string("q")
        limit = query.integer("limit", 1...500) ?? 100
        after = query.cursor(ListPlace.init(cursor:))
        try query.finish()
    }
}
