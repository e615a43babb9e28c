// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Delivery schedule", .timeLimit(.minutes(2)))
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
        "The pause grows after each failure, up to eight hours",
        arguments: zip(
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 40],
            [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800, 28_800]))
    func pauses(failures: Int, seconds: Int) {
        #expect(pause(failures) == .seconds(seconds))
    }

    @Test("The jitter is at most a fifth in either direction")
    func jitter() {
        #expect(pause(2, random: 0) == .seconds(24))
        #expect(pause(2, random: 1) == .seconds(36))
    }

    @Test("The pause is never shorter than Retry-After, and Retry-After does not shorten it")
    func retryAfter() {
        #expect(pause(1, retryAfter: .seconds(77)) == .seconds(77))
        #expect(pause(3, retryAfter: .seconds(1)) == .seconds(120))
    }

    @Test("The last attempt is after exactly three days, whatever Retry-After asks")
    func end() {
        let lifetime = Duration.seconds(3 * 86_400)
        #expect(pause(15, after: lifetime - .seconds(60)) == .seconds(60))
        #expect(pause(1, retryAfter: .seconds(Int64.max / 4)) == lifetime)
        #expect(pause(15, after: lifetime) == nil)
        #expect(pause(1, after: lifetime + .seconds(1)) == nil)
    }

    @Test("A delivery that always fails has 18 attempts in three days")
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

    private func next(
        _ outcome: DeliveryOutcome, failures: Int = 0, refusals: Int = 0, age: Duration = .zero, held: Duration = .zero
    ) -> DeliveryFailure? {
        let delivery = DueDelivery(
            number: 1, id: "msg_1", sessionID: "1", failures: failures, refusals: refusals, began: began, body: [])
        let now = began.advanced(by: age)
        return DeliverySchedule.next(
            after: outcome, of: delivery, heldUntil: now.advanced(by: held), now: now, random: 0.5)
    }

    @Test("A delivered or unwanted delivery is not tried again")
    func nothing() {
        #expect(next(.delivered(status: 200)) == nil)
        #expect(next(.gone) == nil)
    }

    @Test(
        "A refused delivery is tried three times, however often it failed before",
        arguments: [(0, 5), (1, 30), (2, nil), (9, nil)] as [(Int, Int?)])
    func refused(refusals: Int, pause: Int?) {
        let failure = next(.refused(status: 413), failures: 7, refusals: refusals)
        #expect(failure?.kind == .refused && failure?.status == 413 && failure?.reason == "answered 413")
        #expect(failure?.next == (pause.map { .again(began.advanced(by: .seconds($0))) } ?? .dead(.refused)))
    }

    @Test("A throttled delivery goes out when its endpoint is free, and dies only of age")
    func throttled() {
        let outcome = DeliveryOutcome.throttled(status: 429, pause: nil)
        #expect(
            next(outcome, failures: 7, held: .milliseconds(376))?.next
                == .again(began.advanced(by: .milliseconds(376))))
        #expect(
            next(outcome, age: Delivery.lifetime - .seconds(1), held: .seconds(60))?.next
                == .again(began.advanced(by: Delivery.lifetime)))
        #expect(next(outcome, age: Delivery.lifetime)?.next == .dead(.expired))
    }

    @Test("A failed delivery waits longer each time, and is dead after three days")
    func failed() {
        let outcome = DeliveryOutcome.failed(status: nil, reason: "no answer in time")
        #expect(next(outcome, failures: 1, refusals: 2)?.next == .again(began.advanced(by: .seconds(30))))
        #expect(next(outcome, failures: 17, age: Delivery.lifetime)?.next == .dead(.expired))
    }
}
