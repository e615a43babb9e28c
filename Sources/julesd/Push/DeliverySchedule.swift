// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// When a delivery that failed is tried again. Reads no clock and rolls no dice.
enum DeliverySchedule {
    /// The pauses after the first failures; the last one repeats.
    static let pauses: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(3600), .seconds(7200),
        .seconds(14_400), .seconds(28_800),
    ]
    /// How long a delivery is tried.
    static let lifetime = Duration.seconds(3 * 86_400)
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
        let end = began.advanced(by: lifetime)
        guard now < end else { return nil }
        let pause = pauses[min(failures, pauses.count) - 1] * (1 + jitter * (2 * random - 1))
        // Compared before it is added: an endpoint may ask for more than a timestamp can hold. The last attempt is made at the
        // very end.
        return now.advanced(by: min(max(pause, retryAfter ?? .zero), end.duration(since: now)))
    }
}
