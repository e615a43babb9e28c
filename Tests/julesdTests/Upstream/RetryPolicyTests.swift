// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import julesd

@Suite("RetryPolicy", .timeLimit(.minutes(2)))
struct RetryPolicyTests {
    private let policy = RetryPolicy(
        attempts: 50, base: .seconds(1), ceiling: .seconds(30), retryAfterCap: .seconds(60))

    private static let failed = UpstreamError.failed(status: 503, retryAfter: nil)

    @Test(
        "The pause is random in a range that doubles up to the ceiling",
        arguments: [
            (1, 0, .zero), (1, 0.5, .milliseconds(500)), (2, 0.5, .seconds(1)), (4, 0.5, .seconds(4)),
            (6, 0.5, .seconds(15)), (49, 0.5, .seconds(15)), (49, 0, .zero),
        ] as [(Int, Double, Duration)])
    func jitter(attempt: Int, random: Double, pause: Duration) {
        #expect(policy.pause(after: Self.failed, attempt: attempt, effect: .repeatable, random: random) == pause)
    }

    @Test(
        "The pause is at least as long as asked, up to a limit, and still random",
        arguments: [
            (.throttled(retryAfter: .seconds(12)), 0, .seconds(12)),
            (.throttled(retryAfter: .seconds(12)), 0.5, .milliseconds(12_500)),
            (.throttled(retryAfter: .seconds(3600)), 0, .seconds(60)),
            (.failed(status: 503, retryAfter: .seconds(7)), 0, .seconds(7)),
        ] as [(UpstreamError, Double, Duration)])
    func retryAfter(error: UpstreamError, random: Double, pause: Duration) {
        #expect(policy.pause(after: error, attempt: 1, effect: .repeatable, random: random) == pause)
    }

    @Test(
        "A read is repeated after any transient failure, and another request only if it was certainly not processed",
        arguments: [
            (.throttled(retryAfter: nil), true, true), (failed, true, false), (.timedOut(sent: true), true, false),
            (.unreachable(reason: "", sent: false), true, false),
            (.keyRejected(status: 401, message: ""), false, false),
            (.refused(status: 400, canonical: "FAILED_PRECONDITION", message: "", detail: nil), false, false),
            (.undecodable(reason: ""), false, false), (.cancelled(sent: false), false, false),
        ] as [(UpstreamError, Bool, Bool)])
    func effects(error: UpstreamError, repeatable: Bool, once: Bool) {
        let pause = { policy.pause(after: error, attempt: 1, effect: $0, random: 0) }
        #expect((pause(.repeatable) != nil) == repeatable)
        #expect((pause(.once) != nil) == once)
    }

    @Test("The policy gives up after its number of attempts")
    func attempts() {
        let policy = RetryPolicy(attempts: 3)
        let pauses = (1...3).map { policy.pause(after: Self.failed, attempt: $0, effect: .repeatable, random: 0.9) }
        #expect(pauses.map { $0 != nil } == [true, true, false])
    }
}
