// SPDX-License-Identifier: Apache-2.0

/// Makes requests for people: each again where that does no harm and promises something, within a few seconds.
struct UserRequests: Sendable {
    let gate: UpstreamGate
    /// The longest pause before the second attempt.
    var base = Duration.milliseconds(500)

    /// How long a request waits for the budget before it is refused, and between two attempts.
    static let patience = Duration.seconds(5)

    func ask<Value: Sendable>(
        _ effect: RetryPolicy.Effect, _ request: @Sendable (JulesClient) async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        let policy = RetryPolicy(attempts: 3, base: base, ceiling: Self.patience, retryAfterCap: .seconds(3600))
        var attempt = 1
        while true {
            do throws(UpstreamError) {
                return try await gate.call(for: .user, patience: Self.patience, request)
            } catch {
                let pause = policy.pause(
                    after: error, attempt: attempt, effect: effect, random: .random(in: 0..<1))
                guard let pause, pause <= Self.patience, (try? await Task.sleep(for: pause)) != nil else { throw error }
                attempt += 1
            }
        }
    }
}
