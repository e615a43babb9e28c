// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A moment of `CLOCK_MONOTONIC`, the clock systemd measures its timeouts by: it stands still while the machine sleeps.
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
