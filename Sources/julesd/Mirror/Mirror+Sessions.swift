// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Mirror {
    /// A page of sessions, newest first. It continues after the last session of the previous page, even if sessions came or
    /// went.
    func listSessions(_ request: APIRequest, fresh: Bool) async throws -> [UInt8] {
        let paging = try request.paging(standard: 30)
        let filter = try ArchivedFilter(request.filter)
        var query = SessionQuery(limit: paging.size)
        if let text = paging.token {
            guard let token = SessionPageToken(text), token.filter == request.filter ?? "" else {
                throw Paging.invalidToken
            }
            query.after = .init(time: token.createTime.nanoseconds, id: token.id)
        }
        if fresh { try await reads.newestSessions() }
        // Otherwise the tool would take a part of the account for all of it.
        guard try await store.hasBaseline() else {
            throw APIError.unavailable("julesd is reading the account for the first time.", retryAfter: .seconds(1))
        }
        switch (filter.matches(archived: false), filter.matches(archived: true)) {
        case (true, true): query.archived = .all
        case (true, false): query.archived = .no
        case (false, true): query.archived = .yes
        case (false, false): return .emptyMessage
        }
        let page = try await store.sessions(query)
        let next = page.next.map { place in
            SessionPageToken(
                createTime: Timestamp(nanoseconds: place.time), id: place.id, filter: request.filter ?? "")
        }
        return [UInt8](page: page.bodies, of: "sessions", nextPageToken: next?.text)
    }

    func getSession(_ id: String, fresh: Bool) async throws -> [UInt8] {
        let session = fresh ? try await actions.lookup.refresh(id) : try await actions.lookup.session(id)
        guard let session else { throw APIError.notFound }
        if repeated.noteState(of: id) == .begins { follows() }
        return session.body
    }
}
