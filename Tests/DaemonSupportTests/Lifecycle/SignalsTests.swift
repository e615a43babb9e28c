// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import DaemonSupport

@Suite("Signals", .timeLimit(.minutes(2)))
struct SignalsTests {
    // A single test, because a signal goes to the whole process.
    @Test("Signals are passed to the handler and do not end the process, even SIGTERM among many others")
    func delivery() async {
        let (arrived, arrival) = AsyncStream.makeStream(of: Signals.Signal.self)
        let signals = Signals { arrival.yield($0) }
        var iterator = arrived.makeAsyncIterator()
        for (number, expected) in [(SIGHUP, Signals.Signal.hangUp), (SIGTERM, .terminate), (SIGINT, .interrupt)] {
            kill(getpid(), number)
            #expect(await iterator.next() == expected)
        }
        for _ in 1...200 { kill(getpid(), SIGHUP) }
        kill(getpid(), SIGTERM)
        for _ in 1...200 { kill(getpid(), SIGHUP) }
        while let signal = await iterator.next(), signal != .terminate {}

        var ends: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        close(ends[0])
        #expect(write(ends[1], "x", 1) == -1 && errno == EPIPE, "a lost peer ends nothing either")
        close(ends[1])
        withExtendedLifetime(signals) {}
    }
}
