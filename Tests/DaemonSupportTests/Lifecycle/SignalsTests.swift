// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import DaemonSupport

@Suite("Signals", .timeLimit(.minutes(2)))
struct SignalsTests {
    @Test("arrive in order instead of ending the process, and a lost peer ends nothing either")
    func delivery() async {
        let signals = Signals()
        var iterator = signals.makeAsyncIterator()
        for (number, expected) in [(SIGHUP, Signals.Signal.hangUp), (SIGTERM, .terminate), (SIGINT, .interrupt)] {
            kill(getpid(), number)
            #expect(await iterator.next() == expected)
        }
        var ends: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        close(ends[0])
        #expect(write(ends[1], "x", 1) == -1 && errno == EPIPE)
        close(ends[1])
    }

    @Test("end with the task that reads them")
    func cancellation() async {
        let reader = Task {
            var seen = 0
            for await _ in Signals([]) { seen += 1 }
            return seen
        }
        reader.cancel()
        #expect(await reader.value == 0)
    }
}
