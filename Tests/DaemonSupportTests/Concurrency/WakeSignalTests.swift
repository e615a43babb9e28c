// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@Suite("WakeSignal", .timeLimit(.minutes(2)))
struct WakeSignalTests {
    private let signal = WakeSignal()

    @Test("One signal ends the pauses of all sleepers")
    func severalSleepers() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 1...3 {
                // The tasks may begin in any order, and each one must be woken: a lost sleeper would never return.
                group.addTask { [signal] in while await !signal.sleep(.seconds(3600)) {} }
            }
            var left = 3
            while left > 0 {
                signal.wake()
                // Each wake() ends at least one pause, or makes the next pause end.
                await group.next()
                left -= 1
            }
        }
    }

    @Test("A signal given while nobody sleeps ends exactly one later pause, even if it was given several times")
    func givenBefore() async {
        signal.wake()
        signal.wake()
        #expect(await signal.sleep(.seconds(3600)))
        #expect(await signal.sleep(.milliseconds(1)) == false)
    }

    @Test("Without a signal a pause ends by itself", arguments: [Duration.seconds(-1), .zero, .milliseconds(1)])
    func notGiven(pause: Duration) async {
        #expect(await signal.sleep(pause) == false)
    }

    @Test("A pause ends when its task is cancelled, even before the pause, and other sleepers go on")
    func cancellation() async {
        let other = Task { await signal.sleep(.seconds(3600)) }
        let sleeper = Task { await signal.sleep(.seconds(3600)) }
        sleeper.cancel()
        #expect(await sleeper.value == false)
        let later = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await signal.sleep(.seconds(Int64.max))
        }
        #expect(await later.value == false)
        signal.wake()
        #expect(await other.value)
    }
}
