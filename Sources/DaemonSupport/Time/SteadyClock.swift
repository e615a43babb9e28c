// SPDX-License-Identifier: Apache-2.0

/// Time that only runs forward, over restarts too, whatever the wall clock is set to.
///
/// It begins as the wall clock's time, and drifts from it as that is set. While a process runs, it is the kernel's time since boot.
/// Over a restart of the process that time tells how long the gap was; over a restart of the machine only the wall clock can. Neither
/// is believed for more than ten hours: a gap that is longer in truth makes a wait longer, and a wrong one ends no lifetime.
public struct SteadyClock: Sendable {
    /// A point of this time, to be kept for the next process.
    public struct Mark: Sendable, Equatable {
        /// This clock's time.
        public var time: Timestamp
        /// The wall clock's time then.
        public var wall: Timestamp
        /// The time since boot then; `nil` where it is not known.
        public var sinceBoot: Duration?

        /// A point.
        public init(time: Timestamp, wall: Timestamp, sinceBoot: Duration?) {
            self.time = time
            self.wall = wall
            self.sinceBoot = sinceBoot
        }
    }

    /// A gap between two processes counts as no longer than this.
    public static let longestGap = Duration.seconds(36_000)

    private let read: @Sendable () -> ClockReading
    private let start: Timestamp
    private let startSinceBoot: Duration

    /// A clock that goes on from `mark`, or begins now without one.
    ///
    /// - Parameter read: reads the kernel's clocks.
    public init(after mark: Mark?, read: @escaping @Sendable () -> ClockReading = ClockReading.now) {
        let reading = read()
        self.read = read
        start = mark.map { $0.time.advanced(by: Self.gap(from: $0, to: reading)) } ?? reading.wall
        startSinceBoot = reading.sinceBoot
    }

    /// How much time passed between two processes.
    static func gap(from mark: Mark, to reading: ClockReading) -> Duration {
        let sinceMark = mark.sinceBoot.map { reading.sinceBoot - $0 } ?? .seconds(-1)
        // A time since boot that is shorter than before: the machine has been started again.
        let gap = sinceMark >= .zero ? sinceMark : reading.wall.duration(since: mark.wall)
        return min(max(gap, .zero), longestGap)
    }

    /// The present time by this clock.
    public var now: Timestamp { time(of: read()) }

    /// The present moment, to be kept for the next process.
    public var mark: Mark {
        let reading = read()
        return Mark(time: time(of: reading), wall: reading.wall, sinceBoot: reading.sinceBoot)
    }

    /// What the wall clock showed, or will show, at a time of this clock, if nobody sets it.
    public func wall(_ time: Timestamp) -> Timestamp {
        let reading = read()
        return reading.wall.advanced(by: time.duration(since: self.time(of: reading)))
    }

    private func time(of reading: ClockReading) -> Timestamp {
        start.advanced(by: reading.sinceBoot - startSinceBoot)
    }
}
