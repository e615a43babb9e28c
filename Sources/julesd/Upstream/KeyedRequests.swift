// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Requests that a client may make again under one key (the Idempotency-Key header) without their being done twice.
///
/// The same key with the same request has the same answer for a day, also while the first one is under way, and after a restart with
/// a store that lasts. A failure that certainly did nothing is not remembered. After one that may have done something, and after a
/// crash in between, the outcome is looked for before the API is asked again. What was known when the key came first is kept with it,
/// so that nothing older is taken for the outcome.
actor KeyedRequests {
    /// The key came with another request before.
    struct MismatchError: Error {}

    /// How long a key is remembered.
    static let memory = Duration.seconds(86_400)

    private let reconciler: Reconciler
    private let store: SessionStore
    /// Between two tries to write an answer that the store has not taken.
    private let repairPause: Duration
    private var underWay: [String: (key: IdempotencyKey, task: Task<RequestOutcome, any Error>)] = [:]
    /// Answers that the store has not taken.
    private var unsaved: [String: (key: IdempotencyKey, outcome: RequestOutcome)] = [:]

    init(reconciler: Reconciler, store: SessionStore, repairPause: Duration) {
        self.reconciler = reconciler
        self.store = store
        self.repairPause = repairPause
    }

    /// Makes a request, or answers with what the same key and request have brought about.
    ///
    /// - Throws: `MismatchError`, what the request's preparation throws, `UpstreamError`, `UncertainOutcomeError`.
    func run(_ request: some ReconciledRequest, under key: IdempotencyKey) async throws -> RequestOutcome {
        if let (first, task) = underWay[key.text] {
            guard first == key else { throw MismatchError() }
            return try await task.value
        }
        let task = Task {
            let (outcome, attempt) = try await earlier(request, key)
            if let outcome { return outcome }
            return try await make(request, key, attempt)
        }
        underWay[key.text] = (key, task)
        defer { underWay[key.text] = nil }
        return try await task.value
    }

    /// Looks for what the same key and request have brought about, and makes nothing; `nil` if there is nothing.
    ///
    /// - Throws: `MismatchError`, `UpstreamError`.
    func look(for request: some ReconciledRequest, under key: IdempotencyKey) async throws -> RequestOutcome? {
        try await earlier(request, key).outcome
    }

    /// When a key must have come for it still to be remembered.
    private var oldest: Timestamp { store.clock.now.advanced(by: .zero - Self.memory) }

    /// What has come of the key so far, or the attempt of which nobody knows that.
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
            // If the key stays all the same, the next request under it searchPauses in vain and goes on.
            if earlier == nil { try? await store.forget(key) }
            throw error
        }
    }

    /// Forgets a request, so that the same one under the same key is a new one.
    func forget(_ key: IdempotencyKey) async {
        unsaved[key.text] = nil
        try? await store.forget(key)
    }

    /// Remembers an answer. The request is done, whether the store takes it or not.
    private func save(_ outcome: RequestOutcome, under key: IdempotencyKey) async -> RequestOutcome {
        do { try await store.finish(key, outcome) } catch {
            // The store has told of its trouble. A crash before the repair costs nothing but a look.
            if unsaved.isEmpty { Task { await repair() } }
            unsaved[key.text] = (key, outcome)
        }
        return outcome
    }

    /// Writes what the store has not taken, again and again until it has.
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
