// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Makes requests for people, and repeats each within a few seconds if that is harmless and may help.
struct UserRequests: Sendable {
    let gate: UpstreamGate
    /// The longest pause before the second attempt.
    var base = Duration.milliseconds(500)

    /// How long a request waits for the budget before it is refused, and how long it may be repeated.
    static let patience = Duration.seconds(5)

    /// Makes a request, and repeats it while less than `patience` has passed.
    func ask<Value: Sendable>(
        _ effect: RetryPolicy.Effect, _ request: @Sendable (JulesClient) async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        let policy = RetryPolicy(attempts: 3, base: base, ceiling: Self.patience, retryAfterCap: .seconds(3600))
        let deadline = Duration.monotonic + Self.patience
        var attempt = 1
        while true {
            do throws(UpstreamError) {
                return try await gate.call(for: .user, patience: Self.patience, request)
            } catch {
                let pause = policy.pause(
                    after: error, attempt: attempt, effect: effect, random: .random(in: 0..<1))
                guard let pause, .monotonic + pause <= deadline, (try? await Task.sleep(for: pause)) != nil else {
                    throw error
                }
                attempt += 1
            }
        }
    }

    /// Makes a request that only reads. For a person it is repeated if that may help, else it is made once.
    func read<Value: Sendable>(
        for purpose: RequestBudget.Purpose, patience: Duration?,
        _ request: @Sendable (JulesClient) async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        guard purpose != .user else { return try await ask(.repeatable, request) }
        return try await gate.call(for: purpose, patience: patience, request)
    }
}
