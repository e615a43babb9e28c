// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

/// The Jules API for tools that ask the daemon instead of it. Reads come from our copy. Writes use the same actions as the
/// daemon's own API. It knows no HTTP.
struct Mirror: Sendable {
    let store: SessionStore
    let actions: SessionActions
    let reads: UpstreamReads
    let repeated: RepeatedReads
    let retries: RetriedRequests
    /// Called when a session begins to be followed.
    let follows: @Sendable () -> Void

    /// The client of a request.
    struct Asker: Sendable {
        /// A digest of the token: it distinguishes tokens without revealing them.
        let token: [UInt8]
        /// Whether the API must be asked before the copy is used (`Cache-Control: no-cache`).
        let wantsFresh: Bool
        let presence: ClientPresence
    }

    /// The body of the answer.
    ///
    /// - Throws: `APIError` if the API itself would refuse the request; otherwise what the daemon's actions throw.
    func answer(_ route: APIRoute, _ request: APIRequest, from asker: Asker) async throws -> [UInt8] {
        try request.checkQuery(of: route.operation)
        let mask = try request.fieldMask()
        let body = try await body(route, request, asker)
        guard !mask.isEmpty else { return body }
        // Not on the connection's event loop: a page of activities may have megabytes.
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
    /// The JSON of an empty message.
    static var emptyMessage: [UInt8] { Array("{}".utf8) }

    /// A page of a list as the API writes it: empty members are left out.
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
