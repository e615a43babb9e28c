// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The values of the kernel's clocks at one moment (clock_gettime(2)).
public struct ClockReading: Sendable, Equatable {
    /// The time of day (CLOCK_REALTIME). A user or a time service may set it at any moment.
    public var wall: Timestamp
    /// The time since boot with suspended time (CLOCK_BOOTTIME). It only grows until the machine restarts.
    public var sinceBoot: Duration

    /// A reading with these values.
    public init(wall: Timestamp, sinceBoot: Duration) {
        self.wall = wall
        self.sinceBoot = sinceBoot
    }

    /// The present values.
    public static func now() -> ClockReading {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return ClockReading(
            wall: .now,
            sinceBoot: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
    }
}
