// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Clocks that stand still until a test moves them.
final class ManualClock: Sendable {
    private let start: Timestamp
    private let reading: Mutex<ClockReading>

    /// Clocks of a machine that has been running for a day.
    init(_ start: Timestamp) {
        self.start = start
        reading = Mutex(ClockReading(wall: start, sinceBoot: .seconds(86_400)))
    }

    var read: @Sendable () -> ClockReading { { self.reading.withLock { $0 } } }

    /// Lets time pass. Both clocks agree.
    func advance(by duration: Duration) {
        reading.withLock { reading in
            reading.wall = reading.wall.advanced(by: duration)
            reading.sinceBoot += duration
        }
    }

    /// Sets the time of day, as a person or a time service does.
    func set(by duration: Duration) { reading.withLock { $0.wall = $0.wall.advanced(by: duration) } }

    /// Starts the machine again.
    func reboot() { reading.withLock { $0.sinceBoot = .seconds(10) } }

    /// Moves both clocks to where they stand so long after the start, and answers the time of day then.
    @discardableResult
    func move(to duration: Duration) -> Timestamp {
        reading.withLock { reading in
            reading = ClockReading(
                wall: start.advanced(by: duration), sinceBoot: .seconds(86_400) + duration)
            return reading.wall
        }
    }
}
