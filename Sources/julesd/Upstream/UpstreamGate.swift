// SPDX-License-Identifier: Apache-2.0

/// The one way to the API: keeps the budget, the number of requests at once, and the memory of a refused key.
actor UpstreamGate {
    /// Requests under way at once.
    static let concurrency = 5
    /// How long the API is left alone after it refused the key.
    static let refusalPause = Duration.seconds(60)

    let health: UpstreamHealth
    private(set) var client: JulesClient
    private var budget: RequestBudget
    private var running: [RequestBudget.Purpose: Int] = [:]
    private var waiting: [(purpose: RequestBudget.Purpose, continuation: CheckedContinuation<Void, Never>)] = []
    private var refusal: (error: UpstreamError, until: Duration)?
    /// Set by a 429: the daemon's own requests wait until then.
    private var throttledUntil = Duration.zero

    init(client: JulesClient, budget: Int, health: UpstreamHealth) {
        self.client = client
        self.budget = RequestBudget(limit: budget)
        self.health = health
    }

    /// Takes new settings; a new key is tried at once. Requests under way end with the client they began with.
    func reload(client: JulesClient, budget limit: Int) {
        self.client = client
        budget.limit = limit
        refusal = nil
    }

    /// How many requests for `purpose` the budget has left at this moment.
    func remaining(for purpose: RequestBudget.Purpose) -> Int { budget.remaining(for: purpose, at: .monotonic) }

    /// Makes one request when its turn comes.
    ///
    /// - Parameter patience: how long to wait for the budget at most; `nil` for as long as it takes.
    /// - Throws: what the API answered, or `UpstreamError.throttled` where the budget is spent for longer than `patience`.
    func call<Value: Sendable>(
        for purpose: RequestBudget.Purpose, patience: Duration? = nil,
        _ request: @Sendable (JulesClient) async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        if let refusal, refusal.until > .monotonic { throw refusal.error }
        try await admit(purpose, patience: patience)
        await enter(purpose)
        defer { leave(purpose) }
        do throws(UpstreamError) {
            let value = try await request(client)
            refusal = nil
            health.note(.success(()))
            return value
        } catch {
            note(error)
            throw error
        }
    }

    private func note(_ error: UpstreamError) {
        if case .keyRejected = error { refusal = (error, .monotonic + Self.refusalPause) }
        if case .throttled(let retryAfter) = error, let retryAfter {
            throttledUntil = max(throttledUntil, .monotonic + min(retryAfter, .seconds(600)))
        }
        health.note(.failure(error))
    }

    private func admit(_ purpose: RequestBudget.Purpose, patience: Duration?) async throws(UpstreamError) {
        let deadline = patience.map { Duration.monotonic + $0 }
        while true {
            let now = Duration.monotonic
            let pause: Duration
            if purpose != .user, throttledUntil > now {
                pause = throttledUntil - now
            } else if let wait = budget.take(for: purpose, at: now) {
                pause = wait
            } else {
                return
            }
            if let deadline, now + pause > deadline { throw .throttled(retryAfter: pause) }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled(sent: false) }
        }
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

extension Duration {
    /// The present reading of a clock that never goes back.
    static var monotonic: Duration { origin.duration(to: .now) }

    private static let origin = ContinuousClock.Instant.now
}
