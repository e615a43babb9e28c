// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A deadline that is often changed and rarely reached. To move it later or to clear it, the loop's timer heap need not
/// change.
final class DeadlineTimer {
    private let eventLoop: any EventLoop
    private let passed: () -> Void
    private var deadline: NIODeadline?
    private var scheduled: (task: Scheduled<Void>, at: NIODeadline)?

    /// Calls `passed` on `eventLoop` when the deadline is reached; the deadline is then cleared. Use this object on
    /// that loop only.
    init(on eventLoop: any EventLoop, passed: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.passed = passed
    }

    /// Sets the deadline to `amount` from now. Replaces an earlier deadline.
    func set(_ amount: TimeAmount) {
        let deadline = NIODeadline.now() + amount
        self.deadline = deadline
        if let scheduled, scheduled.at <= deadline { return }
        scheduled?.task.cancel()
        schedule(at: deadline)
    }

    /// Clears the deadline.
    func lift() {
        deadline = nil
    }

    /// Clears the deadline and releases the closure.
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
