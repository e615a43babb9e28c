// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Requests that a client may repeat under one key (the Idempotency-Key header) without doing them twice.
///
/// The same key with the same request has the same answer for a day, also while the first request is in progress, and after a
/// restart if the store is on disk. A failure that certainly had no effect is not remembered. After one that may have had an
/// effect, and after a crash in between, the outcome is searched for before the API is asked again. The sessions or
/// activities that existed when the key first came are stored with it, so that none of them is taken for the outcome. Of several
/// instances that share the store, one at a time works on a key.
actor KeyedRequests {
    /// The key came with another request before.
    struct MismatchError: Error {}

    /// How long a key is remembered.
    static let memory = Duration.seconds(86_400)

    private let reconciler: Reconciler
    private let store: SessionStore
    nonisolated let claims: (any KeyClaims)?
    /// The pause between two attempts to write an answer that the store has refused.
    private let repairPause: Duration
    private var underWay: [String: (key: IdempotencyKey, task: Task<RequestOutcome, any Error>)] = [:]
    /// Answers that are not in the store yet.
    private var unsaved: [String: (key: IdempotencyKey, outcome: RequestOutcome)] = [:]

    /// - Parameter claims: those of all instances; `nil` if there are no others.
    init(reconciler: Reconciler, store: SessionStore, claims: (any KeyClaims)? = nil, repairPause: Duration) {
        self.reconciler = reconciler
        self.store = store
        self.claims = claims
        self.repairPause = repairPause
    }

    /// Makes a request, or returns the outcome of the same request under the same key.
    ///
    /// - Throws: `MismatchError`, what the request's preparation throws, `UpstreamError`, `UncertainOutcomeError`.
    func run(_ request: some ReconciledRequest, under key: IdempotencyKey) async throws -> RequestOutcome {
        if let (first, task) = underWay[key.text] {
            guard first == key else { throw MismatchError() }
            return try await task.value
        }
        let task = Task {
            guard let claims else { return try await complete(request, key) }
            return try await claims.hold(key.text) { try await self.complete(request, key) }
        }
        underWay[key.text] = (key, task)
        defer { underWay[key.text] = nil }
        return try await task.value
    }

    private func complete(_ request: some ReconciledRequest, _ key: IdempotencyKey) async throws -> RequestOutcome {
        let (outcome, attempt) = try await earlier(request, key)
        if let outcome { return outcome }
        return try await make(request, key, attempt)
    }

    /// Searches for the outcome of the same request under the same key, and makes no request; `nil` if there is none.
    ///
    /// - Throws: `MismatchError`, `UpstreamError`.
    func look(for request: some ReconciledRequest, under key: IdempotencyKey) async throws -> RequestOutcome? {
        try await earlier(request, key).outcome
    }

    /// A key that came before this time is forgotten.
    private var oldest: Timestamp { store.clock.now.advanced(by: .zero - Self.memory) }

    /// The outcome of the key so far, or the attempt whose outcome is unknown.
    private func earlier(
        _ request: some ReconciledRequest, _ key: IdempotencyKey
    ) async throws -> (outcome: RequestOutcome?, attempt: RequestAttempt?) {
        if let (first, outcome) = unsaved[key.text] {
            guard first == key else { throw MismatchError() }
            return (outcome, nil)
        }
        if key.lifetime < Self.memory {
            try await store.forget(key, before: store.clock.now.advanced(by: .zero - key.lifetime))
        }
        let earlier = try await store.keyedRequest(key.text, since: oldest)
        if let earlier, earlier.key != key { throw MismatchError() }
        if let outcome = earlier?.outcome { return (outcome, nil) }
        guard var attempt = earlier?.attempt else { return (nil, nil) }
        let first = attempt
        attempt.known.formUnion(try await store.outcomes(except: key.text))
        guard let outcome = try await request.find(attempt) else { return (nil, first) }
        return (await save(outcome, under: key), nil)
    }

    private func make(
        _ request: some ReconciledRequest, _ key: IdempotencyKey, _ earlier: RequestAttempt?
    ) async throws -> RequestOutcome {
        let preparation = try await request.prepare()
        let now = reconciler.now()
        var attempt = if let earlier { earlier } else { try await request.attempt(by: key.text, at: now) }
        attempt.tried = now
        try await store.begin(key, attempt, forgettingBefore: oldest)
        do {
            let outcome = try await reconciler.run(request, preparation, attempt, hasKey: true)
            return await save(outcome, under: key)
        } catch let error as UpstreamError {
            // If the key stays in the store, the next request under it searches without a result and continues.
            if earlier == nil { try? await store.forget(key) }
            throw error
        }
    }

    /// Forgets a request, so that the same request under the same key is a new one.
    func forget(_ key: IdempotencyKey) async {
        unsaved[key.text] = nil
        try? await store.forget(key)
    }

    /// Stores an outcome. The request is done, even if the store fails.
    private func save(_ outcome: RequestOutcome, under key: IdempotencyKey) async -> RequestOutcome {
        do { try await store.finish(key, outcome) } catch is KeyTakenError {
            // The instance that works on it now finds the outcome too.
        } catch {
            // The store has reported its error. A crash before the repair only costs a search.
            if unsaved.isEmpty {
                // The outcome is a fact, whoever leads by then or has claimed the key.
                LeaderTerm.$current.withValue(nil) {
                    KeyClaim.$current.withValue(nil) { _ = Task { await repair() } }
                }
            }
            unsaved[key.text] = (key, outcome)
        }
        return outcome
    }

    /// Writes the outcomes that are not in the store, and repeats this until the store accepts them.
    private func repair() async {
        while let (text, (key, outcome)) = unsaved.first {
            do {
                try await store.finish(key, outcome)
                unsaved[text] = nil
            } catch {
                guard (try? await Task.sleep(for: repairPause)) != nil else { return }
            }
        }
    }
}
