// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Delivery schedule")
struct DeliveryScheduleTests {
    private let began = Timestamp(milliseconds: 1_795_200_000_000)

    private func pause(
        _ failures: Int, after age: Duration = .zero, retryAfter: Duration? = nil, random: Double = 0.5
    ) -> Duration? {
        let now = began.advanced(by: age)
        return DeliverySchedule.next(
            failures: failures, began: began, retryAfter: retryAfter, now: now, random: random
        )?.duration(since: now)
    }

    @Test(
        "waits longer after each failure, eight hours at most",
        arguments: zip(
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 40],
            [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800, 28_800]))
    func pauses(failures: Int, seconds: Int) {
        #expect(pause(failures) == .seconds(seconds))
    }

    @Test("is a fifth off at most, either way")
    func jitter() {
        #expect(pause(2, random: 0) == .seconds(24))
        #expect(pause(2, random: 1) == .seconds(36))
    }

    @Test("never comes sooner than Retry-After asks, and is not hurried by it")
    func retryAfter() {
        #expect(pause(1, retryAfter: .seconds(77)) == .seconds(77))
        #expect(pause(3, retryAfter: .seconds(1)) == .seconds(120))
    }

    @Test("ends after three days with an attempt at the very end, whatever Retry-After asks")
    func end() {
        let lifetime = Duration.seconds(3 * 86_400)
        #expect(pause(15, after: lifetime - .seconds(60)) == .seconds(60))
        #expect(pause(1, retryAfter: .seconds(Int64.max / 4)) == lifetime)
        #expect(pause(15, after: lifetime) == nil)
        #expect(pause(1, after: lifetime + .seconds(1)) == nil)
    }

    @Test("all attempts of a delivery that always fails")
    func wholeLife() {
        var age = Duration.zero
        var failures = 1
        while let pause = pause(failures, after: age) {
            age += pause
            failures += 1
        }
        #expect(age == .seconds(3 * 86_400))
        #expect(failures == 18)
    }
}
