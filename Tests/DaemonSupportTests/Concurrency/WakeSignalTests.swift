// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@Suite("A wake signal", .timeLimit(.minutes(2)))
struct WakeSignalTests {
    private let signal = WakeSignal()

    @Test("ends the pauses of all who sleep, and loses none of them")
    func severalSleepers() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 1...3 {
                // Whichever order they begin in, each one has to be woken: a sleeper that was dropped would never return.
                group.addTask { [signal] in while await !signal.sleep(.seconds(3600)) {} }
            }
            var left = 3
            while left > 0 {
                signal.wake()
                // Each wake-up ends at least one pause, or makes the next one end.
                await group.next()
                left -= 1
            }
        }
    }

    @Test("given while nobody sleeps ends the next pause, however often it was given, and no other")
    func givenBefore() async {
        signal.wake()
        signal.wake()
        #expect(await signal.sleep(.seconds(3600)))
        #expect(await signal.sleep(.milliseconds(1)) == false)
    }

    @Test("that is not given lets a pause end by itself", arguments: [Duration.seconds(-1), .zero, .milliseconds(1)])
    func notGiven(pause: Duration) async {
        #expect(await signal.sleep(pause) == false)
    }

    @Test("lets a pause end with its task, also if that was cancelled before, and lets the others sleep")
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
