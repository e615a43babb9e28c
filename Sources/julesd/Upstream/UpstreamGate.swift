// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The only way to the API: every request waits here until `RequestQueue` lets it start, and its result is recorded here. If several
/// instances share the budget, it is then taken from that too.
final class UpstreamGate: Sendable {
    private struct State {
        var client: JulesClient
        var queue: RequestQueue
        var signals: [RequestQueue.ID: WakeSignal] = [:]
        var lastID = 0
    }

    let health: UpstreamHealth
    private let shared: (any SharedBudget)?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - pollInterval: POLL_INTERVAL, for which the budget reserves a share.
    ///   - shared: the budget of all instances; `nil` if there are no others.
    ///   - refusalPause: how long no request is sent after the API refused the key.
    init(
        client: JulesClient, budget: Int, pollInterval: Duration? = nil, shared: (any SharedBudget)? = nil,
        health: UpstreamHealth, refusalPause: Duration = .seconds(60)
    ) {
        self.shared = shared
        let budget = RequestBudget(limit: budget, pollInterval: pollInterval)
        state = Mutex(State(client: client, queue: RequestQueue(budget: budget, refusalPause: refusalPause)))
        self.health = health
    }

    /// Uses new settings; a new key is tried at once. Requests in progress end with the client with which they began.
    func reload(client: JulesClient, budget: Int, pollInterval: Duration) {
        change { state in
            let hasNewKey = client.identity != state.client.identity
            state.client = client
            return ((), state.queue.reload((budget, pollInterval), hasNewKey: hasNewKey, at: .monotonic))
        }
    }

    /// A digest of the address and key in force.
    var identity: String { state.withLock(\.client.identity) }

    /// A key of which it is unknown whether it sees the account in the store.
    struct UnknownKey: Sendable {
        /// A digest of address and key.
        let identity: String
        fileprivate let generation: Int
    }

    /// The key in force; `nil` if it is known to see the account in the store.
    var unknownKey: UnknownKey? {
        state.withLock { state in
            guard state.queue.account != .ours else { return nil }
            return UnknownKey(identity: state.client.identity, generation: state.queue.generation)
        }
    }

    /// Records which account a key sees. Returns `false` if the key is no longer in force.
    func note(_ account: RequestQueue.Account, of key: UnknownKey) -> Bool {
        change { $0.queue.note(account, of: key.generation, at: .monotonic) }
    }

    /// How many requests for `purpose` the budget has left at present.
    func remaining(for purpose: RequestBudget.Purpose) -> Int {
        state.withLock { $0.queue.remaining(for: purpose, at: .monotonic) }
    }

    /// The shortest interval at which each of `count` sessions can be read all the time, beside polls and people.
    func sustainableInterval(of count: Int) -> Duration {
        state.withLock { $0.queue.budget.sustainableInterval(of: count) }
    }

    /// UPSTREAM_BUDGET, and how much of it is left to users at present.
    var budgetState: (limit: Int, remaining: Int) {
        state.withLock { ($0.queue.budget.limit, $0.queue.remaining(for: .user, at: .monotonic)) }
    }

    /// The longest time of a request after it was sent.
    var longestRequest: Duration { state.withLock(\.client.longestRequest) }

    /// Makes one request when its turn comes.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for a turn at most; `nil` for no limit.
    ///   - source: what the answer says about the API's health.
    ///   - overlooks: failures that do not count for the API's health.
    /// - Throws: the API's error. `UpstreamError.throttled` if the budget is used up for longer than `patience`,
    ///   `UpstreamError.timedOut` if no place is free within it, `UpstreamError.cancelled` if the task is cancelled, and
    ///   `UpstreamError.withheld` if the store of all instances does not permit it.
    func call<Value: Sendable>(
        for purpose: RequestBudget.Purpose, patience: Duration? = nil, source: UpstreamHealth.Source = .request,
        overlooks: (UpstreamError) -> Bool = { _ in false },
        _ request: @Sendable (JulesClient) async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        let (id, client) = try await awaitTurn(purpose, patience: patience)
        let result: Result<Value, UpstreamError>
        do throws(UpstreamError) { result = .success(try await request(client)) } catch { result = .failure(error) }
        let outcome = result.map { _ in }
        let isCurrent = change { state in
            state.signals[id] = nil
            return (state.queue.isCurrent(id), state.queue.end(id, outcome, at: .monotonic))
        }
        if isCurrent { note(outcome, source, overlooks) }
        return try result.get()
    }

    private func note(
        _ outcome: Result<Void, UpstreamError>, _ source: UpstreamHealth.Source, _ overlooks: (UpstreamError) -> Bool
    ) {
        if case .failure(let error) = outcome, overlooks(error) { return }
        health.note(outcome, from: source)
    }

    /// Waits until a request may be sent. Returns its number and the client for it.
    private func awaitTurn(
        _ purpose: RequestBudget.Purpose, patience: Duration?
    ) async throws(UpstreamError) -> (RequestQueue.ID, JulesClient) {
        let signal = WakeSignal()
        let id = change { state in
            state.lastID += 1
            state.signals[state.lastID] = signal
            let now = Duration.monotonic
            let deadline = patience.map { now + $0 }
            return (state.lastID, state.queue.add(state.lastID, for: purpose, deadline: deadline, at: now))
        }
        while !Task.isCancelled {
            let (decision, client) = change { state in
                let now = Duration.monotonic
                let decided = state.queue.advance(to: now)
                return ((state.queue.decision(on: id, at: now), state.client), decided)
            }
            switch decision {
            case .start:
                guard let shared else { return (id, client) }
                if try await isGranted(id, purpose, shared) { return (id, client) }
            // If there is no time, the end of another request wakes this one.
            case .wait(let until): _ = await signal.sleep(until.map { $0 - .monotonic } ?? .seconds(3600))
            case .fail(let error):
                withdraw(id)
                throw error
            }
        }
        withdraw(id)
        throw .cancelled(sent: false)
    }

    /// Takes a request that may start from the budget of all instances. If that refuses it, it waits again.
    private func isGranted(
        _ id: RequestQueue.ID, _ purpose: RequestBudget.Purpose, _ shared: any SharedBudget
    ) async throws(UpstreamError) -> Bool {
        let budget = state.withLock(\.queue.budget)
        var grant: SharedBudgetGrant?
        repeat {
            switch await decision(of: shared, purpose, budget, insteadOf: grant) {
            case .success(.granted(let new)): grant = new
            case .success(.refused(let spent)):
                change { ((), $0.queue.putBack(id, spent: spent, at: .monotonic)) }
                return false
            case .failure(let error):
                withdraw(id)
                throw error
            }
        } while grant?.isValid(at: .monotonic) != true
        return true
    }

    /// The server may take long to answer. If nobody waits for the request any more, its answer is not waited for.
    private func decision(
        of shared: any SharedBudget, _ purpose: RequestBudget.Purpose, _ budget: RequestBudget,
        insteadOf grant: SharedBudgetGrant?
    ) async -> Result<SharedBudgetDecision, UpstreamError> {
        let (answers, continuation) = AsyncStream<Result<SharedBudgetDecision, UpstreamError>>.makeStream()
        Task {
            do throws(UpstreamError) {
                continuation.yield(.success(try await shared.take(for: purpose, from: budget, insteadOf: grant)))
            } catch { continuation.yield(.failure(error)) }
        }
        return await answers.first { _ in true } ?? .failure(.cancelled(sent: false))
    }

    private func withdraw(_ id: RequestQueue.ID) {
        change { state in
            state.signals[id] = nil
            return ((), state.queue.remove(id, at: .monotonic))
        }
    }

    /// Applies an event, and wakes the requests that it decides.
    private func change<Value>(_ event: (inout State) -> (value: Value, decided: [RequestQueue.ID])) -> Value {
        let (value, signals) = state.withLock { state in
            let (value, decided) = event(&state)
            return (value, decided.compactMap { state.signals[$0] })
        }
        for signal in signals { signal.wake() }
        return value
    }
}
