// SPDX-License-Identifier: Apache-2.0

/// A clock that never goes back, not even over restarts or when the wall clock is set.
///
/// It starts with the wall clock's time. Within a process it follows the kernel's time since boot. After a restart of
/// the process, the time since boot gives the length of the gap. After a restart of the machine only the wall clock can
/// give it. In both cases the gap counts as ten hours at most: if it was longer, waits take longer; if the wall clock
/// is wrong, nothing expires early.
public struct SteadyClock: Sendable {
    /// A point in time that is stored for the next process.
    public struct Mark: Sendable, Equatable {
        /// The time of this clock.
        public var time: Timestamp
        /// The time of the wall clock at that point.
        public var wall: Timestamp
        /// The time since boot at that point; `nil` if it is unknown.
        public var sinceBoot: Duration?

        /// A point in time with these values.
        public init(time: Timestamp, wall: Timestamp, sinceBoot: Duration?) {
            self.time = time
            self.wall = wall
            self.sinceBoot = sinceBoot
        }
    }

    /// The longest time that may pass on this clock between two processes.
    public static let longestGap = Duration.seconds(36_000)

    private let read: @Sendable () -> ClockReading
    private let start: Timestamp
    private let startSinceBoot: Duration

    /// A clock that continues after `mark`. Without a mark it starts with the wall clock's time.
    ///
    /// - Parameter read: reads the kernel's clocks.
    public init(after mark: Mark?, read: @escaping @Sendable () -> ClockReading = ClockReading.now) {
        let reading = read()
        self.read = read
        start = mark.map { $0.time.advanced(by: Self.gap(from: $0, to: reading)) } ?? reading.wall
        startSinceBoot = reading.sinceBoot
    }

    /// The time that passed between two processes.
    static func gap(from mark: Mark, to reading: ClockReading) -> Duration {
        let sinceMark = mark.sinceBoot.map { reading.sinceBoot - $0 } ?? .seconds(-1)
        // A time since boot that is shorter than before means that the machine has restarted.
        let gap = sinceMark >= .zero ? sinceMark : reading.wall.duration(since: mark.wall)
        return min(max(gap, .zero), longestGap)
    }

    /// The present time of this clock.
    public var now: Timestamp { time(of: read()) }

    /// The present point in time, to be stored for the next process.
    public var mark: Mark {
        let reading = read()
        return Mark(time: time(of: reading), wall: reading.wall, sinceBoot: reading.sinceBoot)
    }

    /// The wall clock's time at a time of this clock, if nobody sets the wall clock.
    public func wall(_ time: Timestamp) -> Timestamp {
        let reading = read()
        return reading.wall.advanced(by: time.duration(since: self.time(of: reading)))
    }

    private func time(of reading: ClockReading) -> Timestamp {
        start.advanced(by: reading.sinceBoot - startSinceBoot)
    }
}
