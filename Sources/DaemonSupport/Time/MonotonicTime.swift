// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The time since the first call in this process, by a clock that never goes back and counts
    /// suspended time too (CLOCK_BOOTTIME, clock_gettime(2)).
    public static var monotonic: Duration { origin.duration(to: .now) }

    private static let origin = ContinuousClock.Instant.now
}
