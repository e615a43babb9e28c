// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Clocks that only the test moves.
final class ManualClock: Sendable {
    private let start: Timestamp
    private let reading: Mutex<ClockReading>

    /// The clocks of a machine that has been running for a day.
    init(_ start: Timestamp) {
        self.start = start
        reading = Mutex(ClockReading(wall: start, sinceBoot: .seconds(86_400)))
    }

    var read: @Sendable () -> ClockReading { { self.reading.withLock { $0 } } }

    /// Moves both clocks forward.
    func advance(by duration: Duration) {
        reading.withLock { reading in
            reading.wall = reading.wall.advanced(by: duration)
            reading.sinceBoot += duration
        }
    }

    /// Moves only the time of day, as a user or a time service does.
    func set(by duration: Duration) { reading.withLock { $0.wall = $0.wall.advanced(by: duration) } }

    /// Restarts the machine.
    func reboot() { reading.withLock { $0.sinceBoot = .seconds(10) } }

    /// Moves both clocks to `duration` after the start, and returns the time of day.
    @discardableResult
    func move(to duration: Duration) -> Timestamp {
        reading.withLock { reading in
            reading = ClockReading(
                wall: start.advanced(by: duration), sinceBoot: .seconds(86_400) + duration)
            return reading.wall
        }
    }
}
