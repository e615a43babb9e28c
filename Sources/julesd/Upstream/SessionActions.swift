// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Why an action on a session is not possible. The API has not been asked to do it.
enum SessionActionError: Error, Equatable {
    /// Neither our copy nor the API knows a session with this id.
    case unknownSession(String)
    /// Another plan is the newest one, or there is none.
    case otherPlan(wanted: String, newest: String?)
    /// The session is queued and accepts no messages yet.
    case stillQueued
    /// The account has no such repository. `near` is the one with the most similar name.
    case unknownRepository(String, near: String?)
    /// No branch was given, and the API names no default branch.
    case unknownDefaultBranch(repository: String)
}

/// The actions of people on sessions. Each action is in the feed before it is reported as done, unless the store fails. An
/// action that has begun runs to its end: a client that disconnects must not leave a request with an unknown result.
///
/// After the API has accepted an action, no later failure turns it into an error.
struct SessionActions: Sendable {
    let requests: UserRequests
    let lookup: SessionLookup
    let recorder: SessionRecorder
    let reconciler: Reconciler
    let keyed: KeyedRequests
    let claims: OutcomeClaims
    /// Woken after each action, because its consequences follow soon.
    let signal: WakeSignal
    let recentSources = ReadCache<String, [AccountSource]>()

    /// How long the list of sources is used.
    static let sourcesAge = Duration.seconds(600)
    /// How many characters a message may have.
    static let longestMessage = 20_000

    /// Throws if an action must not be done any more. Called just before Jules is asked.
    typealias Condition = @Sendable () async throws -> Void

    /// Creates a session once, even if the answer is lost.
    ///
    /// - Parameter body: the API's own form of `wanted`, sent unchanged; `nil` to make it from `wanted`.
    /// - Throws: `SessionActionError`, `UpstreamError`, `UncertainOutcomeError`, `KeyedRequests.MismatchError`.
    func create(
        _ wanted: NewSession, body: [UInt8]? = nil, under key: IdempotencyKey?, provided condition: Condition? = nil
    ) async throws -> Session {
        let creation = creation(of: wanted, body: body)
        return try await session(toTheEnd { try await reconcile(creation, key, condition) })
    }

    /// The session that a creation under `key` has made; `nil` if there is none. Creates nothing.
    func created(_ wanted: NewSession, under key: IdempotencyKey) async throws -> Session? {
        try await keyed.look(for: creation(of: wanted), under: key).map(session)
    }

    /// Checks the repository and branch of a session that is to be created.
    ///
    /// - Throws: `SessionActionError` if it cannot be created, `UpstreamError` if that is not known.
    func check(_ wanted: NewSession) async throws { _ = try await creation(of: wanted).prepare() }

    private func creation(of wanted: NewSession, body: [UInt8]? = nil) -> SessionCreation {
        let repositories = RepositoryLookup(requests: requests, store: recorder.store, sources: sources)
        return SessionCreation(
            wanted: wanted, body: body, requests: requests, recorder: recorder, claims: claims,
            repositories: repositories)
    }

    /// Approves the newest plan of a session and reads the session again.
    ///
    /// - Parameter plan: the plan that must be the newest one; `nil` for any plan.
    /// - Throws: `SessionActionError`, `UpstreamError`, `UncertainOutcomeError`, `KeyedRequests.MismatchError`.
    func approve(
        _ id: String, plan: String?, under key: IdempotencyKey?, provided condition: Condition? = nil
    ) async throws -> Session {
        let approval = PlanApproval(session: id, plan: plan, requests: requests, lookup: lookup)
        return try await session(toTheEnd { try await reconcile(approval, key, condition) })
    }

    /// Sends the agent a message once, and reads the session again.
    ///
    /// - Throws: `SessionActionError`, `UpstreamError`, `UncertainOutcomeError`, `KeyedRequests.MismatchError`.
    func send(
        _ text: String, to id: String, under key: IdempotencyKey?, provided condition: Condition? = nil
    ) async throws {
        let message = SessionMessage(session: id, text: text, requests: requests, lookup: lookup, claims: claims)
        _ = try await toTheEnd {
            do { return try await reconcile(message, key, condition) } catch let error as UpstreamError {
                guard error.isNotFound, try await lookup.session(id)?.state == .queued else { throw error }
                throw SessionActionError.stillQueued
            }
        }
    }

    /// Makes a request that must not be made twice.
    private func reconcile(
        _ request: some ReconciledRequest, _ key: IdempotencyKey?, _ condition: Condition?
    ) async throws -> RequestOutcome {
        guard let condition else { return try await reconcile(request, key) }
        return try await reconcile(ConditionalRequest(request: request, condition: condition), key)
    }

    private func reconcile(_ request: some ReconciledRequest, _ key: IdempotencyKey?) async throws -> RequestOutcome {
        defer { signal.wake() }
        guard let key else { return try await reconciler.run(request) }
        return try await keyed.run(request, under: key)
    }

    private func session(_ outcome: RequestOutcome) throws -> Session {
        guard let session = Session(wire: outcome.answer) else {
            throw UpstreamError.undecodable(reason: "the answer that was kept is no session")
        }
        return session
    }

    /// Deletes a session. If the API does not know it any more, it counts as deleted.
    ///
    /// - Throws: `UpstreamError`, also if the API does not know the session yet, because it would appear later.
    func delete(_ id: String) async throws {
        try await toTheEnd {
            _ = try await lookup.existing(id)
            do throws(UpstreamError) {
                try await requests.ask(.repeatable) { (client) throws(UpstreamError) in
                    try await client.deleteSession(id)
                }
                _ = try? await recorder.recordDeletion(of: id, as: .deleted, asked: .monotonic)
            } catch {
                guard error.isNotFound else { throw error }
                let isGone = try? await recorder.recordDeletion(of: id, as: .notFound, asked: .monotonic)
                guard isGone != false else { throw error }
            }
            signal.wake()
        }
    }

    /// Archives a session, which stops it if it runs, or unarchives it.
    ///
    /// - Throws: `SessionActionError.unknownSession`, `UpstreamError`.
    func setArchived(_ archived: Bool, _ id: String) async throws -> Session {
        try await toTheEnd {
            let before = try await lookup.existing(id)
            let answer = try await requests.ask(.once) { (client) throws(UpstreamError) in
                if archived { try await client.archive(id) } else { try await client.unarchive(id) }
            }
            signal.wake()
            // The API has been seen to answer actions with an empty message. Then the session has to be read.
            guard let after = answer.flatMap(Session.init(wire:)), after.id == id else {
                return await lookup.readAgain(id) ?? before
            }
            _ = try? await recorder.record(direct: after, asked: .monotonic)
            return after
        }
    }

    /// All sources of the account, read within the last ten minutes; older ones if the API is unreachable.
    @Sendable func sources() async throws -> [[UInt8]] { try await sources(age: Self.sourcesAge).map(\.body) }

    /// All sources of the account, read within `age`; older ones if the API is unreachable, unless `age` is zero.
    func sources(age: Duration) async throws -> [AccountSource] {
        // Another key may see other sources.
        let key = requests.gate.identity
        do {
            return try await recentSources.value(for: key, age: age) { try await readSources() }
        } catch let error as UpstreamError {
            guard age > .zero, error.isTransient, let sources = await recentSources.last(for: key) else { throw error }
            return sources
        }
    }

    private func readSources() async throws -> [AccountSource] {
        var sources: [AccountSource] = []
        var tokens = PageTokens(maximum: 1000)
        repeat {
            let token = tokens.current
            let page = try await requests.ask(.repeatable) { (client) throws(UpstreamError) in
                try await client.sources(pageToken: token)
            }
            sources += page.items.map(AccountSource.init(wire:))
            switch tokens.advance(to: page.nextPageToken) {
            case .page: continue
            case .end: return sources
            // Otherwise a part of the list would be taken for the whole.
            case .loop: throw UpstreamError.undecodable(reason: "the list of sources does not end")
            }
        } while true
    }

    /// Runs `action` in a task of its own, which ends even if the caller is cancelled.
    private func toTheEnd<Value: Sendable>(_ action: @escaping @Sendable () async throws -> Value) async throws -> Value
    {
        try await Task(operation: action).value
    }
}
