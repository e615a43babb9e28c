// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The time since the first call in this process. It never goes back, and includes suspended time (CLOCK_BOOTTIME,
    /// clock_gettime(2)).
    public static var monotonic: Duration { origin.duration(to: .now) }

    private static let origin = ContinuousClock.Instant.now
}
