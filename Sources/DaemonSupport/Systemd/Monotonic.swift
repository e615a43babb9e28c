// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A time of `CLOCK_MONOTONIC`, the clock that systemd uses for its timeouts. It stops while the machine is suspended.
struct Monotonic: Sendable, Comparable {
    let nanoseconds: Int64

    static func now() -> Monotonic {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Monotonic(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (left: Monotonic, right: Monotonic) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    static func + (left: Monotonic, right: Duration) -> Monotonic {
        Monotonic(nanoseconds: left.nanoseconds + right.nanoseconds)
    }

    static func - (left: Monotonic, right: Monotonic) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}
