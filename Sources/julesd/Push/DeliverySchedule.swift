// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// When a delivery that was not taken is tried again. Reads no clock and rolls no dice.
enum DeliverySchedule {
    /// The pauses after the first failures; the last one repeats.
    static let pauses: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(3600), .seconds(7200),
        .seconds(14_400), .seconds(28_800),
    ]
    /// How often a delivery is sent to an endpoint that refuses it for good.
    static let refusals = 3
    /// How far a pause may be off either way, as a share of it, so that what failed together does not return together.
    static let jitter = 0.2

    /// When to try again; `nil` where the delivery's time is over.
    ///
    /// - Parameters:
    ///   - failures: how often it has failed, at least once.
    ///   - began: the beginning of its lifetime.
    ///   - retryAfter: how long the endpoint asks to wait: never tried sooner, unless its time is over before.
    ///   - random: from 0 to 1.
    static func next(
        failures: Int, began: Timestamp, retryAfter: Duration?, now: Timestamp, random: Double
    ) -> Timestamp? {
        let end = began.advanced(by: Delivery.lifetime)
        guard now < end else { return nil }
        let pause = pauses[min(failures, pauses.count) - 1] * (1 + jitter * (2 * random - 1))
        // Compared before it is added: an endpoint may ask for more than a timestamp can hold. The last attempt is made at the
        // very end.
        return now.advanced(by: min(max(pause, retryAfter ?? .zero), end.duration(since: now)))
    }

    /// What becomes of a delivery after an attempt; `nil` where the endpoint has taken it, or wants nothing any more.
    ///
    /// - Parameters:
    ///   - heldUntil: until when the endpoint is sent nothing.
    ///   - random: from 0 to 1.
    static func next(
        after outcome: DeliveryOutcome, of delivery: DueDelivery, heldUntil: Timestamp, now: Timestamp, random: Double
    ) -> DeliveryFailure? {
        let verdict = { (time: Timestamp?) in time.map(DeliveryFailure.Next.again) ?? .dead(.expired) }
        let again = { (failures: Int, retryAfter: Duration?) in
            next(failures: failures, began: delivery.began, retryAfter: retryAfter, now: now, random: random)
        }
        switch outcome {
        case .delivered, .gone: return nil
        case .throttled(let status, _):
            let end = delivery.began.advanced(by: Delivery.lifetime)
            let time = now < end ? min(max(heldUntil, now), end) : nil
            return DeliveryFailure(kind: .throttled, status: status, reason: "answered \(status)", next: verdict(time))
        case .refused(let status):
            let count = delivery.refusals + 1
            return DeliveryFailure(
                kind: .refused, status: status, reason: "answered \(status)",
                next: count >= refusals ? .dead(.refused) : verdict(again(count, nil)))
        case .failed(let status, let reason, let retryAfter):
            return DeliveryFailure(
                kind: .failed, status: status, reason: reason, next: verdict(again(delivery.failures + 1, retryAfter)))
        }
    }
}
