// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The one way to the API: keeps the budget, the number of requests at once, and the memory of a refused key.
actor UpstreamGate {
    /// Requests under way at once.
    static let concurrency = 5
    let health: UpstreamHealth
    private(set) var client: JulesClient
    private var budget: RequestBudget
    private var running: [RequestBudget.Purpose: Int] = [:]
    private var waiting: [(purpose: RequestBudget.Purpose, continuation: CheckedContinuation<Void, Never>)] = []
    private let refusalPause: Duration
    private var refusal: (error: UpstreamError, until: Duration)?
    /// Set by an answer with Retry-After: the daemon's own requests wait until then.
    private var throttledUntil = Duration.zero
    /// Which settings a request began with: what an old key is answered says nothing of the new one.
    private var generation = 0

    /// - Parameter refusalPause: how long the API is left alone after it refused the key.
    init(client: JulesClient, budget: Int, health: UpstreamHealth, refusalPause: Duration = .seconds(60)) {
        self.client = client
        self.budget = RequestBudget(limit: budget)
        self.health = health
        self.refusalPause = refusalPause
    }

    /// Takes new settings; a new key is tried at once. Requests under way end with the client they began with.
    func reload(client: JulesClient, budget limit: Int) {
        // What one key was told to wait is not said of another.
        if !client.hasKey(of: self.client) { throttledUntil = .zero }
        self.client = client
        budget.limit = limit
        refusal = nil
        generation += 1
    }

    /// How many requests for `purpose` the budget has left at this moment.
    func remaining(for purpose: RequestBudget.Purpose) -> Int { budget.remaining(for: purpose, at: .monotonic) }

    /// UPSTREAM_BUDGET, and how much of it is left to users at this moment.
    var budgetState: (limit: Int, remaining: Int) { (budget.limit, remaining(for: .user)) }

    /// Makes one request when its turn comes.
    ///
    /// - Parameter patience: how long to wait for the budget at most; `nil` for as long as it takes.
    /// - Throws: what the API answered, or `UpstreamError.throttled` where the budget is spent for longer than `patience`.
    func call<Value: Sendable>(
        for purpose: RequestBudget.Purpose, patience: Duration? = nil,
        _ request: @Sendable (JulesClient) async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        try await begin(purpose, patience: patience)
        defer { leave(purpose) }
        let generation = generation
        let result: Result<Value, UpstreamError>
        do throws(UpstreamError) { result = .success(try await request(client)) } catch { result = .failure(error) }
        if generation == self.generation { note(result.map { _ in }) }
        return try result.get()
    }

    private func note(_ result: Result<Void, UpstreamError>) {
        switch result {
        case .success, .failure(.refused): refusal = nil
        case .failure(.keyRejected(let status, let message)):
            refusal = (.keyRejected(status: status, message: message), .monotonic + refusalPause)
        case .failure(let error):
            if let retryAfter = error.retryAfter {
                throttledUntil = max(throttledUntil, .monotonic + min(retryAfter, PollCadence.longestRetryAfter))
            }
        }
        health.note(result)
    }

    /// Waits for a place and for the budget: returns with both, at the moment when the request may go out.
    private func begin(_ purpose: RequestBudget.Purpose, patience: Duration?) async throws(UpstreamError) {
        let deadline = patience.map { Duration.monotonic + $0 }
        while true {
            try refuse()
            await enter(purpose)
            guard let pause = hindrance(to: purpose) else {
                do throws(UpstreamError) { return try tryKey() } catch {
                    leave(purpose)
                    throw error
                }
            }
            // Nobody keeps a place that somebody else could use.
            leave(purpose)
            if let deadline, .monotonic + pause > deadline { throw .throttled(retryAfter: pause) }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled(sent: false) }
        }
    }

    private func hindrance(to purpose: RequestBudget.Purpose) -> Duration? {
        let now = Duration.monotonic
        if let refusal, refusal.until > now { return nil }
        if purpose != .user, throttledUntil > now { return throttledUntil - now }
        return budget.take(for: purpose, at: now)
    }

    private func refuse() throws(UpstreamError) {
        if let refusal, refusal.until > .monotonic { throw refusal.error }
    }

    /// Where the key was refused some time ago, lets one request try it again and keeps the others waiting for its answer.
    private func tryKey() throws(UpstreamError) {
        try refuse()
        if let refusal { self.refusal = (refusal.error, .monotonic + refusalPause) }
    }

    /// Takes one of the places for requests under way, as soon as one is free.
    private func enter(_ purpose: RequestBudget.Purpose) async {
        if hasPlace(for: purpose) { return running[purpose, default: 0] += 1 }
        await withCheckedContinuation { waiting.append((purpose, $0)) }
    }

    private func leave(_ purpose: RequestBudget.Purpose) {
        running[purpose, default: 0] -= 1
        // A person goes before the daemon's own requests.
        let next = waiting.firstIndex { $0.purpose == .user } ?? waiting.firstIndex { hasPlace(for: $0.purpose) }
        guard let next else { return }
        let (purpose, continuation) = waiting.remove(at: next)
        running[purpose, default: 0] += 1
        continuation.resume()
    }

    /// What is not urgent never takes the last two places.
    private func hasPlace(for purpose: RequestBudget.Purpose) -> Bool {
        let taken = running.values.reduce(0, +)
        return purpose == .background ? taken < Self.concurrency - 2 : taken < Self.concurrency
    }
}
