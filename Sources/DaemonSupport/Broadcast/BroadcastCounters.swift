// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The counters of a hub, shared by all its loops.
final class BroadcastCounters: Sendable {
    let subscribers = Atomic<Int>(0)
    let replays = Atomic<Int>(0)
    let overruns = Atomic<Int>(0)
}

/// Calls a closure when its count reaches zero.
final class Countdown: Sendable {
    private let left: Atomic<Int>
    private let reached: @Sendable () -> Void

    init(_ count: Int, _ reached: @escaping @Sendable () -> Void) {
        left = Atomic(count)
        self.reached = reached
    }

    func down() {
        if left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { reached() }
    }
}
