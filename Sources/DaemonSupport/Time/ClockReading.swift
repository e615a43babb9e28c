// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel's clocks show at one moment (clock_gettime(2)).
public struct ClockReading: Sendable, Equatable {
    /// The time of day (CLOCK_REALTIME). A person, or a time service, may set it at any moment.
    public var wall: Timestamp
    /// How long the machine has been running, suspended time included (CLOCK_BOOTTIME). It only grows, until the machine starts
    /// again.
    public var sinceBoot: Duration

    /// A reading.
    public init(wall: Timestamp, sinceBoot: Duration) {
        self.wall = wall
        self.sinceBoot = sinceBoot
    }

    /// The clocks as they stand.
    public static func now() -> ClockReading {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return ClockReading(
            wall: .now,
            sinceBoot: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
    }
}
