// SPDX-License-Identifier: Apache-2.0

/// Decides which request to the API may be sent, and when. Reads no clock and makes no calls: events go in with their time,
/// and the requests that they decide come out.
///
/// A request needs a place among those in progress, and a share of the budget. If the API asks for a pause, only people's
/// requests are sent. If the API refuses the key, every request fails at once, except one after each pause, which tries the
/// key again. While it is unknown whether the key sees the account in the store, only probes are sent, which record nothing.
struct RequestQueue {
    typealias ID = Int
    typealias Purpose = RequestBudget.Purpose

    /// How many requests are in progress at once.
    static let places = 5

    enum Decision: Sendable, Equatable {
        /// It may be sent. Call `end` afterwards.
        case start
        case fail(UpstreamError)
        /// Not yet. `until` is when time alone may decide; `nil` if only the end of another request can.
        case wait(until: Duration?)
    }

    /// Which account the key sees.
    enum Account: Sendable, Equatable {
        /// The account in the store.
        case ours
        /// Not checked yet. All requests wait, except probes.
        case unchecked
        /// Another account. All requests fail with this error, except probes.
        case other(UpstreamError)
    }

    private struct Request {
        let id: ID
        let deadline: Duration?
    }

    private struct Running {
        let request: Request
        let purpose: Purpose
        let generation: Int
        /// Whether it tries a key that was refused.
        let isTrial: Bool
    }

    private(set) var budget: RequestBudget
    private(set) var account = Account.unchecked
    private let refusalPause: Duration
    private var waiting: [Purpose: [Request]] = [:]
    private var failed: [ID: UpstreamError] = [:]
    private var running: [ID: Running] = [:]
    private var refusal: (error: UpstreamError, until: Duration)?
    /// Set by an answer with Retry-After.
    private var throttledUntil = Duration.zero
    /// Increases with new settings: an answer to a request with an old key says nothing about the new key.
    private(set) var generation = 0

    /// - Parameter refusalPause: how long no request is sent after the API refused the key.
    init(budget: RequestBudget, refusalPause: Duration) {
        self.budget = budget
        self.refusalPause = refusalPause
    }

    /// A request comes. If it has not been sent by its deadline, it fails.
    mutating func add(_ id: ID, for purpose: Purpose, deadline: Duration?, at now: Duration) -> [ID] {
        waiting[purpose, default: []].append(Request(id: id, deadline: deadline))
        return decide(at: now)
    }

    /// Time passes.
    mutating func advance(to now: Duration) -> [ID] { decide(at: now) }

    /// A request that was sent has ended with this result.
    mutating func end(_ id: ID, _ result: Result<Void, UpstreamError>, at now: Duration) -> [ID] {
        guard let request = running.removeValue(forKey: id) else { return [] }
        if request.generation == generation { note(result, request.purpose, at: now) }
        return decide(at: now)
    }

    /// A request that may be sent was not sent after all, because all instances together have spent the budget. It waits again.
    ///
    /// - Parameter spent: what they have taken from it, in the order of the times.
    mutating func putBack(_ id: ID, spent: [RequestBudget.Request], at now: Duration) -> [ID] {
        budget.learn(spent)
        guard let returned = running.removeValue(forKey: id) else { return [] }
        if returned.isTrial { refusal?.until = now }
        // It keeps its place: it came before those with higher numbers.
        var requests = waiting[returned.purpose, default: []]
        requests.insert(returned.request, at: requests.firstIndex { $0.id > id } ?? requests.endIndex)
        waiting[returned.purpose] = requests
        return decide(at: now)
    }

    /// Nobody waits for the request any more.
    mutating func remove(_ id: ID, at now: Duration) -> [ID] {
        failed[id] = nil
        running[id] = nil
        for purpose in Purpose.allCases { waiting[purpose]?.removeAll { $0.id == id } }
        return decide(at: now)
    }

    /// New settings. Somebody has changed something, so a refused key is tried at once. A pause for the old key does not bind
    /// another key.
    mutating func reload(_ settings: (limit: Int, pollInterval: Duration?), hasNewKey: Bool, at now: Duration) -> [ID] {
        budget.limit = settings.limit
        budget.pollInterval = settings.pollInterval
        refusal = nil
        generation += 1
        if hasNewKey { throttledUntil = .zero }
        if hasNewKey || account != .ours { account = .unchecked }
        return decide(at: now)
    }

    /// The key's account has been checked. Returns `false` if the settings have changed since: then the result means nothing.
    mutating func note(
        _ account: Account, of generation: Int, at now: Duration
    ) -> (value: Bool, decided: [ID]) {
        guard generation == self.generation else { return (false, []) }
        self.account = account
        return (true, decide(at: now))
    }

    /// The decision about a request. A failure is returned once.
    mutating func decision(on id: ID, at now: Duration) -> Decision {
        if let error = failed.removeValue(forKey: id) { return .fail(error) }
        for purpose in Purpose.allCases {
            guard let request = waiting[purpose]?.first(where: { $0.id == id }) else { continue }
            let until = mayGo(purpose) ? hold(on: purpose, at: now).map { now + $0 } : nil
            return .wait(until: [until, request.deadline].compactMap(\.self).min())
        }
        return running[id] == nil ? .fail(.cancelled(sent: false)) : .start
    }

    /// Whether a request began with the settings in force.
    func isCurrent(_ id: ID) -> Bool { running[id]?.generation == generation }

    mutating func remaining(for purpose: Purpose, at now: Duration) -> Int { budget.remaining(for: purpose, at: now) }

    /// Starts and fails the requests that can be decided. Returns their ids.
    private mutating func decide(at now: Duration) -> [ID] {
        var decided: [ID] = []
        for purpose in Purpose.allCases {
            while let first = waiting[purpose]?.first, !isRefused(at: now), mayGo(purpose),
                isThrottled(purpose, at: now) == nil, budget.take(for: purpose, at: now) == nil
            {
                waiting[purpose]?.removeFirst()
                running[first.id] = Running(
                    request: first, purpose: purpose, generation: generation, isTrial: refusal != nil)
                // One request tries a key that was refused; the others fail until it is answered.
                if refusal != nil { refusal?.until = now + refusalPause }
                decided.append(first.id)
            }
        }
        for (purpose, requests) in waiting where !requests.isEmpty {
            let hold = hold(on: purpose, at: now)
            waiting[purpose] = requests.filter { request in
                guard let error = failure(of: request, purpose, hold, at: now) else { return true }
                failed[request.id] = error
                decided.append(request.id)
                return false
            }
        }
        return decided
    }

    private func failure(
        of request: Request, _ purpose: Purpose, _ hold: Duration?, at now: Duration
    ) -> UpstreamError? {
        if let refusal, refusal.until > now { return refusal.error }
        if case .other(let error) = account, purpose != .probe { return error }
        guard let deadline = request.deadline else { return nil }
        // A request whose wait would be longer than allowed fails at once.
        if let hold, now + hold > deadline { return .throttled(retryAfter: hold) }
        return deadline <= now ? .timedOut(sent: false) : nil
    }

    private mutating func note(_ result: Result<Void, UpstreamError>, _ purpose: Purpose, at now: Duration) {
        switch result {
        case .success, .failure(.refused): refusal = nil
        case .failure(.keyRejected(let status, let message)):
            refusal = (.keyRejected(status: status, message: message), now + refusalPause)
        // A 5xx may concern one resource only. Only the list and the probe show whether the whole API fails.
        case .failure(.failed) where purpose != .poll && purpose != .probe: break
        case .failure(let error):
            guard let retryAfter = error.retryAfter else { break }
            throttledUntil = max(throttledUntil, now + min(retryAfter, PollCadence.longestRetryAfter))
        }
    }

    private func isRefused(at now: Duration) -> Bool { refusal.map { $0.until > now } ?? false }

    /// How long the API asks requests of this purpose to wait; `nil` if it does not.
    private func isThrottled(_ purpose: Purpose, at now: Duration) -> Duration? {
        purpose != .user && throttledUntil > now ? throttledUntil - now : nil
    }

    /// How long the API's pause and the budget hold a request back; `nil` if they do not.
    private mutating func hold(on purpose: Purpose, at now: Duration) -> Duration? {
        isThrottled(purpose, at: now) ?? budget.pause(before: purpose, at: now)
    }

    /// Whether the key's account and the places allow the request.
    private func mayGo(_ purpose: Purpose) -> Bool { (account == .ours || purpose == .probe) && hasPlace(for: purpose) }

    /// One place is only for the poll, and requests that are not urgent leave one more to people.
    private func hasPlace(for purpose: Purpose) -> Bool {
        guard running.count < Self.places else { return false }
        let others = running.count - (running.values.contains { $0.purpose == .poll } ? 1 : 0)
        return switch purpose {
        case .poll: true
        case .user, .probe: others < Self.places - 1
        case .followed, .background: others < Self.places - 2
        }
    }
}
