// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import DaemonSupport

@Suite("SteadyClock", .timeLimit(.minutes(2)))
struct SteadyClockTests {
    private static let day = Duration.seconds(86_400)
    private let start = Timestamp(milliseconds: 1_795_200_000_000)

    private func reading(wall: Duration, sinceBoot: Duration) -> ClockReading {
        ClockReading(wall: start.advanced(by: wall), sinceBoot: sinceBoot)
    }

    @Test("Without a mark it starts with the wall clock's time, and later settings of the wall clock do not move it")
    func runs() {
        let clocks = Mutex(reading(wall: .zero, sinceBoot: .seconds(100)))
        let clock = SteadyClock(after: nil) { clocks.withLock { $0 } }
        #expect(clock.now == start)
        for wall in [Duration.seconds(-600), .seconds(365 * 86_400), .seconds(-4 * 86_400)] {
            clocks.withLock { $0 = reading(wall: wall, sinceBoot: .seconds(160)) }
            #expect(clock.now == start.advanced(by: .seconds(60)))
            #expect(clock.wall(clock.now.advanced(by: .seconds(5))) == start.advanced(by: wall + .seconds(5)))
            #expect(clock.mark.wall == start.advanced(by: wall) && clock.mark.sinceBoot == .seconds(160))
        }
    }

    @Test(
        "After a restart the clock goes on by a plausible gap",
        arguments: [
            // The machine has not restarted, so the wall clock does not count.
            ("a minute later", .seconds(60), day + .seconds(60), .seconds(60)),
            ("the wall clock set back", .seconds(-600), day + .seconds(60), .seconds(60)),
            ("the wall clock a year ahead", day * 365, day + .seconds(60), .seconds(60)),
            ("stopped for five days", day * 5, day * 6, .seconds(36_000)),
            // The machine has restarted, so only the wall clock gives the gap.
            ("a reboot", .seconds(300), .seconds(20), .seconds(300)),
            ("a reboot, the wall clock four days behind", day * -4, .seconds(20), .zero),
            ("a reboot, the wall clock a year ahead", day * 365, .seconds(20), .seconds(36_000)),
            // The store was copied to another machine.
            ("a machine that has run for a year", .seconds(60), day * 365, .seconds(36_000)),
        ] as [(String, Duration, Duration, Duration)])
    func restarts(what: String, wall: Duration, sinceBoot: Duration, gap: Duration) {
        let mark = SteadyClock.Mark(time: start.advanced(by: .seconds(7)), wall: start, sinceBoot: Self.day)
        let clock = SteadyClock(after: mark) { [reading = reading(wall: wall, sinceBoot: sinceBoot)] in reading }
        #expect(clock.now == mark.time.advanced(by: gap), "\(what)")
    }

    @Test("A mark without a time since boot is treated like one from before a reboot")
    func unknown() {
        let mark = SteadyClock.Mark(time: start, wall: start, sinceBoot: nil)
        let clock = SteadyClock(after: mark) { [reading = reading(wall: .seconds(9), sinceBoot: Self.day)] in reading }
        #expect(clock.now == start.advanced(by: .seconds(9)))
    }

    @Test("The kernel's clocks move forward, and the time of day is in this century")
    func kernel() {
        let first = ClockReading.now()
        let second = ClockReading.now()
        #expect(second.sinceBoot >= first.sinceBoot && first.sinceBoot > .zero)
        #expect(first.wall > Timestamp(milliseconds: 1_700_000_000_000))
    }
}
