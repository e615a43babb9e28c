// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The creation of a session by the API.
struct SessionCreation: ReconciledRequest {
    let wanted: NewSession
    /// The body to send unchanged; `nil` to make it from `wanted`.
    var body: [UInt8]?
    let requests: UserRequests
    let recorder: SessionRecorder
    let claims: OutcomeClaims
    let repositories: RepositoryLookup

    /// How many pages a search reads at most.
    static let maximumPages = 10

    /// The body of the request. A repository gets the API's spelling and, if no branch is given, its default branch.
    func prepare() async throws -> [UInt8] {
        if let body { return body }
        guard case .repository(let repository, let branch) = wanted.place else { return wanted.wireBody(branch: "") }
        let found = try await repositories.find(RepositoryName(repository), needsBranch: branch == nil)
        guard let branch = branch ?? found.defaultBranch else {
            throw SessionActionError.unknownDefaultBranch(repository: found.name)
        }
        var wanted = wanted
        wanted.place = .repository(found.name, branch: branch)
        return wanted.wireBody(branch: branch)
    }

    func known(after time: Timestamp) async throws -> Set<String> {
        try await recorder.store.sessionIDs(createdAfter: time, includingArchived: true)
    }

    func make(_ body: [UInt8], _ attempt: RequestAttempt) async throws(UpstreamError) -> RequestOutcome {
        let answer = try await requests.ask(.once) { (client) throws(UpstreamError) in
            try await client.createSession(body: body)
        }
        guard let session = Session(wire: answer) else {
            throw .undecodable(reason: "the created session has no id")
        }
        _ = claims.claim(session.id, for: attempt.owner)
        // The session exists, even if the store fails: then the poller brings it later.
        try? await recorder.record(created: session)
        return RequestOutcome(session)
    }

    /// A creation that is refused with FAILED_PRECONDITION has been seen to create the session all the same.
    func mayHaveBeenDone(after error: UpstreamError) -> Bool { error.mayHaveArrived || error.isFailedPrecondition }

    /// Searches our copy, which may have a session that has left the list since, and then the API's newest sessions.
    func find(_ attempt: RequestAttempt) async throws -> RequestOutcome? {
        let isOurs = { (session: Session) in
            attempt.canHaveMade(session.id, at: session.createTime) && wanted.matches(session)
                && claims.claim(session.id, for: attempt.owner)
        }
        // The oldest one that no other request has claimed: creations that search at the same time begin in the same order.
        if let session = try await recorder.store.sessions(createdAfter: attempt.earliest).last(where: isOurs) {
            return RequestOutcome(session)
        }
        var tokens = PageTokens(maximum: Self.maximumPages)
        repeat {
            let token = tokens.current
            let page = try await requests.ask(.repeatable) { (client) throws(UpstreamError) in
                try await client.sessions(pageToken: token, pageSize: SessionList.pageSize)
            }
            let sessions = page.items.compactMap(Session.init(wire:))
            if let session = sessions.last(where: isOurs) {
                _ = try? await recorder.record(direct: session, asked: .monotonic)
                return RequestOutcome(session)
            }
            guard sessions.last.map({ $0.createTime >= attempt.earliest }) ?? true else { return nil }
            guard tokens.advance(to: page.nextPageToken) == .page else { return nil }
        } while true
    }
}

extension RequestOutcome {
    fileprivate init(_ session: Session) { self.init(name: session.id, answer: session.body) }
}
