// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Simulated time. It has its own start and its own speed relative to real time.
struct VirtualClock: Sendable {
    private var virtual: Timestamp
    private var real: ContinuousClock.Instant
    private(set) var speed: Double

    init(startingAt instant: Timestamp, speed: Double, real: ContinuousClock.Instant = .now) {
        virtual = instant
        self.real = real
        self.speed = speed
    }

    /// The simulated time at the real time `instant`.
    func now(_ instant: ContinuousClock.Instant = .now) -> Timestamp {
        virtual + (instant - real) * speed
    }

    /// Moves simulated time ahead.
    mutating func advance(by duration: Duration) { virtual = virtual + duration }

    /// Changes the speed from now on.
    mutating func run(at speed: Double, from instant: ContinuousClock.Instant = .now) {
        self = VirtualClock(startingAt: now(instant), speed: speed, real: instant)
    }
}
