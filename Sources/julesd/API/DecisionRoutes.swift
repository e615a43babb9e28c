// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The decisions of rules, with their results.
struct DecisionRoutes: Sendable {
    let store: SessionStore
    /// Called with each decision that a person has cancelled.
    let cancelled: @Sendable (Decision) async -> Void

    var routes: [Route] {
        [
            Route(.GET, "/api/decisions", list),
            Route(.POST, "/api/decisions/{id}/cancel", cancel),
        ]
    }

    @Sendable private func list(_ request: RouteRequest) async throws -> HTTPResponse {
        let page = try await store.decisions(try DecisionQuery(request.request))
        var body = Array(#"{"decisions":["#.utf8)
        body.append(list: page.decisions.lazy.map { $0.json(store.clock).bytes })
        body.append(contentsOf: "]".utf8)
        if let next = page.next { body.append(member: "nextCursor", .string(String(next))) }
        body.append(UInt8(ascii: "}"))
        return .json(.ok, body).tagged
    }

    @Sendable private func cancel(_ request: RouteRequest) async throws -> HTTPResponse {
        var body = try RequestBody(request.request)
        try body.finish()
        let id = request.parameters["id"] ?? ""
        guard let (decision, isCancelled) = try await store.cancelDecision(id) else {
            throw RequestError.notFound("decision \(id)")
        }
        guard isCancelled else {
            throw RequestError.conflict(
                decision.state == .waiting
                    ? "This decision is being carried out."
                    : "This decision has ended: it is \(decision.state.rawValue).")
        }
        await cancelled(decision)
        return HTTPResponse(status: .noContent)
    }
}

extension DecisionQuery {
    /// The query of `GET /api/decisions`.
    init(_ request: HTTPRequest) throws(RequestError) {
        var query = RequestQuery(request)
        self.init()
        session = query.string("session")
        rule = query.string("rule")
        limit = query.integer("limit", 1...500) ?? 100
        before = query.cursor { Int64($0) }
        try query.finish()
    }
}

extension Decision {
    /// The decision in the form of the API.
    fileprivate func json(_ clock: SteadyClock) -> JSON {
        var object = JSONObject([
            .init(name: "id", value: .string(id)), .init(name: "at", value: .string(at.rfc3339)),
            .init(name: "rule", value: .string(rule)), .init(name: "file", value: .string(file)),
            .init(name: "sessionId", value: .string(sessionID)), .init(name: "reason", value: .string(reason)),
            .init(name: "action", value: .string(action)),
        ])
        if let planID { object["planId"] = .string(planID) }
        object["dueAt"] = .string(clock.wall(due).rfc3339)
        object["state"] = .string(state.rawValue)
        if let detail { object["detail"] = .string(detail) }
        return .object(object)
    }
}
