// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A deadline that moves often and passes rarely: moving it later, or lifting it, costs no work on the loop's timer heap.
final class DeadlineTimer {
    private let eventLoop: any EventLoop
    private let passed: () -> Void
    private var deadline: NIODeadline?
    private var scheduled: (task: Scheduled<Void>, at: NIODeadline)?

    /// Calls `passed` on `eventLoop` once a deadline has passed, which lifts it. To be used on that loop only.
    init(on eventLoop: any EventLoop, passed: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.passed = passed
    }

    /// Sets the deadline in place of any earlier one.
    func set(_ amount: TimeAmount) {
        let deadline = NIODeadline.now() + amount
        self.deadline = deadline
        if let scheduled, scheduled.at <= deadline { return }
        scheduled?.task.cancel()
        schedule(at: deadline)
    }

    /// Lifts the deadline.
    func lift() {
        deadline = nil
    }

    /// Lifts the deadline and lets go of the closure.
    func end() {
        deadline = nil
        scheduled?.task.cancel()
        scheduled = nil
    }

    private func schedule(at time: NIODeadline) {
        scheduled = (eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.fired() }, time)
    }

    private func fired() {
        scheduled = nil
        guard let deadline else { return }
        guard deadline <= .now() else { return schedule(at: deadline) }
        self.deadline = nil
        passed()
    }
}
