// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("The server's clock")
struct ServerClockTests {
    private let start = Timestamp(milliseconds: 1_795_200_000_000)

    private func time(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    @Test("It shows the server's time, whatever this machine's is, and goes on between two readings")
    func follows() {
        let clock = ServerClock()
        clock.note(time(0), after: nil, at: .seconds(100))
        #expect(clock.now(at: .seconds(107)) == time(7))
        clock.note(time(3600), after: time(5), at: .seconds(110))
        #expect(clock.now(at: .seconds(111)) == time(3601))
    }

    @Test("A server whose clock is behind neither sets it back nor stops it")
    func behind() {
        let clock = ServerClock()
        clock.note(time(0), after: nil, at: .seconds(100))
        for second in 1...10 {
            clock.note(time(second - 3600), after: time(0), at: .seconds(100 + second))
            #expect(clock.now(at: .seconds(100 + second)) == time(second))
        }
    }

    @Test("A new instance begins at the last transaction if the server's clock is behind it")
    func beginsAtTransaction() {
        let clock = ServerClock()
        clock.note(time(-3600), after: time(0), at: .seconds(100))
        #expect(clock.now(at: .seconds(101)) == time(1))
    }
}
