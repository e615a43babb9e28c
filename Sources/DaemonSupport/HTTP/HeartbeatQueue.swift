// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A connection that regularly sends its client a sign of life.
protocol HeartbeatConnection: AnyObject {
    /// Sends a sign of life. Returns whether another one follows.
    func beat() -> Bool
}

/// Calls the connections of an event loop at one interval, with one timer for all. Use it on that loop only.
///
/// NIO cancels a timer by a search through all timers of the loop, which is slow if ten thousand clients have one each.
final class HeartbeatQueue {
    private struct Beat {
        let due: NIODeadline
        let interval: TimeAmount
        weak var connection: (any HeartbeatConnection)?
    }

    private let eventLoop: any EventLoop
    /// In the order of their times, because all have the same interval.
    private var beats = CircularBuffer<Beat>()
    private var isScheduled = false

    /// An empty queue for `eventLoop`.
    init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Calls `connection` for the first time after `interval`.
    func add(_ connection: any HeartbeatConnection, every interval: TimeAmount) {
        beats.append(Beat(due: .now() + interval, interval: interval, connection: connection))
        schedule()
    }

    private func schedule() {
        guard !isScheduled, let next = beats.first else { return }
        isScheduled = true
        eventLoop.assumeIsolated().scheduleTask(deadline: next.due) { [weak self] in self?.run() }
    }

    private func run() {
        let now = NIODeadline.now()
        while let beat = beats.first, beat.due <= now {
            beats.removeFirst()
            if let connection = beat.connection, connection.beat() { add(connection, every: beat.interval) }
        }
        isScheduled = false
        schedule()
    }
}
