// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The sessions that wait for a person.
struct InboxRoutes: Sendable {
    let store: SessionStore

    var routes: [Route] {
        [
            Route(.GET, "/api/inbox", list),
            Route(.POST, "/api/sessions/{id}/acknowledge", acknowledge),
        ]
    }

    @Sendable private func list(_ request: RouteRequest) async throws -> HTTPResponse {
        let head = store.head
        let page = try await store.inbox(try InboxQuery(request.request))
        var body = Array(#"{"items":["#.utf8)
        body.append(list: page.items.lazy.map(\.json))
        body.append(contentsOf: "]".utf8)
        if let next = page.next { body.append(member: "nextCursor", .string(next.cursor)) }
        body.append(member: "seq", JSON(head.seq))
        body.append(member: "epoch", .string(head.epoch))
        body.append(UInt8(ascii: "}"))
        return .json(.ok, body).tagged
    }

    @Sendable private func acknowledge(_ request: RouteRequest) async throws -> HTTPResponse {
        var body = try RequestBody(request.request)
        try body.finish()
        try await store.acknowledge(request.sessionID).requireItem(of: request.sessionID)
        return HTTPResponse(status: .noContent)
    }
}

extension Bool? {
    /// Checks the result of `SessionStore.acknowledge`.
    ///
    /// - Throws: `RequestError` 404 if there is no such session, 409 if it is not in the inbox.
    func requireItem(of session: String) throws(RequestError) {
        switch self {
        case nil: throw .noSession(session)
        case false?: throw .conflict("Session \(session) is not in the inbox.")
        case true?: break
        }
    }
}

extension InboxQuery {
    /// The query of `GET /api/inbox`.
    init(_ request: HTTPRequest) throws(RequestError) {
        var query = RequestQuery(request)
        self.init()
        if let text = query.string("reason") {
            reason = AttentionReason(rawValue: text)
            let names = AttentionReason.allCases.map(\.rawValue).joined(separator: ", ")
            if reason == nil { query.fault("reason", "must be one of \(names)") }
        }
        limit = query.integer("limit", 1...500) ?? 500
        after = query.cursor(ListPlace.init(cursor:))
        try query.finish()
    }
}
