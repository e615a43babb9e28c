// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// Sessions: read from our copy, changed through the API.
struct SessionRoutes: Sendable {
    let log: ChangeLog
    let actions: SessionActions

    var routes: [Route] {
        [
            Route(.GET, "/api/sessions", list), Route(.POST, "/api/sessions", create),
            Route(.GET, "/api/sessions/{id}", show), Route(.GET, "/api/sessions/{id}/activities", activities),
            Route(.POST, "/api/sessions/{id}/approve", approve), Route(.POST, "/api/sessions/{id}/message", message),
            Route(.DELETE, "/api/sessions/{id}", delete), Route(.POST, "/api/sessions/{id}/archive", archive(true)),
            Route(.POST, "/api/sessions/{id}/unarchive", archive(false)), Route(.GET, "/api/sources", sources),
        ]
    }

    @Sendable private func list(_ request: RouteRequest) async throws -> HTTPResponse {
        let head = log.head
        let query = try SessionQuery(request.request)
        let page = try await log.sessions(query)
        var body = Array(#"{"sessions":["#.utf8)
        body.append(list: page.bodies)
        body.append(contentsOf: "]".utf8)
        if let next = page.next { body.append(member: "nextCursor", .string(next.cursor)) }
        body.append(member: "seq", JSON(head.seq))
        body.append(member: "epoch", .string(head.epoch))
        if page.bodies.isEmpty, let repository = query.repository,
            let near = try await log.repository(near: repository)
        {
            body.append(member: "near", .string(near))
        }
        body.append(UInt8(ascii: "}"))
        return .json(.ok, body).tagged
    }

    @Sendable private func create(_ request: RouteRequest) async throws -> HTTPResponse {
        let session: Session
        do {
            session = try await actions.create(
                key: try request.idempotencyKey, request: request.request.body
            ) { [actions] in
                try await NewSession.read(request.request) { try await actions.defaultBranch(of: $0) }
            }
        } catch is KeyedCreation.Mismatch {
            throw Problem(
                .unprocessableEntity, "idempotency_mismatch", "This Idempotency-Key came with another body before.")
        }
        var response = HTTPResponse.json(.created, session.body)
        response.headers.add(name: "location", value: "/api/sessions/\(session.id)")
        return response
    }

    @Sendable private func show(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        let refresh = query.choice("refresh", ["0": false, "1": true]) ?? false
        try query.finish()
        let session =
            refresh ? try await actions.refresh(request.sessionID) : try await log.session(request.sessionID)
        return .json(.ok, try found(session, request.sessionID).body).tagged
    }

    @Sendable private func activities(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        let after = query.string("after")
        let limit = query.integer("limit", 1...500) ?? 100
        try query.finish()
        let id = request.sessionID
        let session = try found(try await log.session(id), id)
        try await actions.refreshActivities(of: session)
        guard let page = try await log.activities(of: id, after: after, limit: limit) else {
            throw Problem.invalid("after", "is not an activity of this session")
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
        let session = try found(try await log.session(id), id)
        if let planID { try await requireNewestPlan(planID, of: session) }
        return .json(.ok, try found(try await actions.approve(id), id).body)
    }

    @Sendable private func message(_ request: RouteRequest) async throws -> HTTPResponse {
        var body = try RequestBody(request.request)
        let text = body.string("message", required: true, length: 1...20_000)
        try body.finish()
        let id = request.sessionID
        let session = try found(try await log.session(id), id)
        do {
            try await actions.send(text ?? "", to: id)
        } catch let error as UpstreamError where error.isNotFound && session.state == .queued {
            throw Problem.conflict("The session is still queued and takes no messages yet.", retry: true)
        }
        return .json(.ok, Array(#"{"ok":true}"#.utf8))
    }

    @Sendable private func delete(_ request: RouteRequest) async throws -> HTTPResponse {
        let id = request.sessionID
        _ = try found(try await log.session(id), id)
        try await actions.delete(id)
        return HTTPResponse(status: .noContent)
    }

    private func archive(_ archived: Bool) -> Route.Handler {
        { request in
            var body = try RequestBody(request.request)
            try body.finish()
            let id = request.sessionID
            _ = try found(try await log.session(id), id)
            return .json(.ok, try await actions.setArchived(archived, id).body)
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

    private func found(_ session: Session?, _ id: String) throws(Problem) -> Session {
        guard let session else { throw .noSession(id) }
        return session
    }

    private func requireNewestPlan(_ planID: String, of session: Session) async throws {
        try await actions.refreshActivities(of: session)
        let newest = try await log.newestPlan(of: session.id)
        guard newest == planID else {
            throw Problem.conflict(
                newest.map { "The session's newest plan is \($0), not \(planID)." } ?? "The session has no plan yet.")
        }
    }
}

extension RouteRequest {
    /// The key under which a creation may be asked for again; `nil` where there is none.
    fileprivate var idempotencyKey: String? {
        get throws(Problem) {
            let fields = request.headers["idempotency-key"]
            guard let key = fields.first else { return nil }
            guard fields.count == 1, (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ 0x20...0x7E ~= $0 })
            else { throw .invalid("Idempotency-Key", "must be one text of 1 to 255 visible ASCII characters") }
            return key
        }
    }
}

extension SessionQuery {
    /// The query of `GET /api/sessions`.
    init(_ request: HTTPRequest) throws(Problem) {
        var query = RequestQuery(request)
        self.init()
        states = Set((query.string("state") ?? "").split(separator: ",").map { SessionState(String($0)) })
        repository = query.string("repo")
        archived = query.choice("archived", ["0": .no, "1": .yes, "all": .all]) ?? .no
        attention = query.choice("attention", ["0": false, "1": true]) ?? false
        text = query.string("q")
        limit = query.integer("limit", 1...500) ?? 100
        if let cursor = query.string("cursor") {
            after = Place(cursor: cursor)
            if after == nil { query.fault("cursor", "must be the nextCursor of an earlier answer") }
        }
        try query.finish()
    }
}
