// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

/// The Jules API as tools see it that ask the daemon in its place: reads come from our copy, and what changes something goes the way
/// of every other action. It knows no HTTP.
struct Mirror: Sendable {
    let store: SessionStore
    let actions: SessionActions
    let reads: UpstreamReads
    let repeated: RepeatedReads
    let retries: RetriedRequests
    /// Called if a session is followed that was not before.
    let follows: @Sendable () -> Void

    /// Who asks, and how.
    struct Asker: Sendable {
        /// What tells one token from another without telling it.
        let token: [UInt8]
        /// Whether our copy will not do (`Cache-Control: no-cache`).
        let wantsFresh: Bool
        let presence: ClientPresence
    }

    /// The body of the answer.
    ///
    /// - Throws: `APIError` for what the API itself would refuse, and what the daemon's other actions throw.
    func answer(_ route: APIRoute, _ request: APIRequest, from asker: Asker) async throws -> [UInt8] {
        try request.checkQuery(of: route.operation)
        let mask = try request.fieldMask()
        let body = try await body(route, request, asker)
        guard !mask.isEmpty else { return body }
        // Not on the connection's loop: a page of activities may have megabytes.
        return try await Task.detached { mask.applied(to: try JSON(parsing: body)).bytes }.value
    }

    private func body(_ route: APIRoute, _ request: APIRequest, _ asker: Asker) async throws -> [UInt8] {
        switch route {
        case .listSessions: try await listSessions(request, fresh: asker.wantsFresh)
        case .session(.getSession, let id): try await getSession(id, fresh: asker.wantsFresh)
        case .listActivities(let session):
            try await listActivities(of: session, request, fresh: asker.wantsFresh)
        case .getActivity(let session, let id): try await getActivity(id, of: session)
        case .listSources: try await listSources(request, fresh: asker.wantsFresh)
        case .getSource(let name): try await getSource(name, fresh: asker.wantsFresh)
        case .createSession: try await createSession(request, asker)
        case .session(let operation, let id): try await act(operation, on: id, request, asker)
        }
    }
}

extension [UInt8] {
    /// The empty message.
    static var emptyMessage: [UInt8] { Array("{}".utf8) }

    /// A page of a list as the API writes it: what is empty is left out.
    init(page items: [[UInt8]], of name: String, nextPageToken: String?) {
        guard !items.isEmpty else {
            self = .emptyMessage
            return
        }
        self = Array("{\"\(name)\":[".utf8)
        append(list: items)
        append(UInt8(ascii: "]"))
        if let nextPageToken { append(member: "nextPageToken", .string(nextPageToken)) }
        append(UInt8(ascii: "}"))
    }
}
