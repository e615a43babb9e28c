// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Decides when a failed delivery is tried again. Reads no clock and uses no random numbers of its own.
enum DeliverySchedule {
    /// The pauses after the first failures; the last one repeats.
    static let pauses: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(3600), .seconds(7200),
        .seconds(14_400), .seconds(28_800),
    ]
    /// How many times a delivery is sent to an endpoint that refuses it permanently.
    static let refusals = 3
    /// The largest random change of a pause, as a share of it, so that deliveries that failed together are not repeated
    /// together.
    static let jitter = 0.2

    /// When to try again; `nil` if the delivery's lifetime is over.
    ///
    /// - Parameters:
    ///   - failures: how many times it has failed, at least once.
    ///   - began: the beginning of its lifetime.
    ///   - retryAfter: how long the endpoint asks to wait. The next attempt is not sooner, unless the lifetime ends before.
    ///   - random: from 0 to 1.
    static func next(
        failures: Int, began: Timestamp, retryAfter: Duration?, now: Timestamp, random: Double
    ) -> Timestamp? {
        let end = began.advanced(by: Delivery.lifetime)
        guard now < end else { return nil }
        let pause = pauses[min(failures, pauses.count) - 1] * (1 + jitter * (2 * random - 1))
        // Compared before it is added, because an endpoint may ask for more than a timestamp can hold. The last attempt is at
        // the very end of the lifetime.
        return now.advanced(by: min(max(pause, retryAfter ?? .zero), end.duration(since: now)))
    }

    /// The result of a failed attempt; `nil` if the endpoint has accepted the delivery, or wants no more.
    ///
    /// - Parameters:
    ///   - heldUntil: until when nothing is sent to the endpoint.
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
