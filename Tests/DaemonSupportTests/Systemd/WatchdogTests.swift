// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("Watchdog", .timeLimit(.minutes(2)))
struct WatchdogTests {
    struct Row: Sendable {
        let beats: [Int64]
        let now: Int64
        let silent: [String]
    }

    @Test(
        "The heartbeats that have been silent for too long are named",
        arguments: [
            Row(beats: [100, 100], now: 100, silent: []),
            Row(beats: [100, 100], now: 110, silent: []),
            Row(beats: [100, 100], now: 111, silent: ["loop"]),
            Row(beats: [111, 100], now: 111, silent: []),
            Row(beats: [155, 100], now: 161, silent: ["poller"]),
            Row(beats: [100, 100], now: 161, silent: ["loop", "poller"]),
            // A heartbeat from another thread may be newer than the time of the check.
            Row(beats: [105, 105], now: 100, silent: []),
        ])
    func decision(row: Row) {
        let marks = [
            Heartbeat(name: "loop", allowedAge: .seconds(10)),
            Heartbeat(name: "poller", allowedAge: .seconds(60)),
        ]
        for (mark, beat) in zip(marks, row.beats) { mark.markAlive(at: seconds(beat)) }
        #expect(Watchdog.silent(marks, at: seconds(row.now)) == row.silent)
    }

    @Test("A new heartbeat has its full age, and a retired one need not report")
    func beginningAndEnd() {
        let mark = Heartbeat(name: "loop", allowedAge: .seconds(3600))
        #expect(Watchdog.silent([mark], at: .now()).isEmpty)
        let later = Monotonic(nanoseconds: Monotonic.now().nanoseconds + 3601 * 1_000_000_000)
        #expect(Watchdog.silent([mark], at: later) == ["loop"])
        mark.retire()
        mark.markAlive()
        #expect(Watchdog.silent([mark], at: later).isEmpty)
    }

    @Test("A heartbeat may be silent for as long as its next step may take, but no longer")
    func longStep() {
        let mark = Heartbeat(name: "poller", allowedAge: .seconds(60))
        mark.markAlive(at: seconds(100), before: .seconds(900))
        #expect(Watchdog.silent([mark], at: seconds(1060)).isEmpty)
        #expect(Watchdog.silent([mark], at: seconds(1061)) == ["poller"])
        mark.markAlive(at: seconds(200))
        #expect(Watchdog.silent([mark], at: seconds(261)) == ["poller"])
    }

    private func seconds(_ count: Int64) -> Monotonic { Monotonic(nanoseconds: count * 1_000_000_000) }
}
