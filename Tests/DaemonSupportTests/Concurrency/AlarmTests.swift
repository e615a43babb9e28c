// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@Suite("An alarm", .timeLimit(.minutes(2)))
struct AlarmTests {
    private let alarm = Alarm()

    @Test("ends the pause of who sleeps")
    func rings() async {
        async let rang = alarm.sleep(.seconds(3600))
        await Task.yield()
        alarm.ring()
        #expect(await rang)
    }

    @Test("that rang while nobody slept ends the next pause, however often it rang, and no other")
    func rangBefore() async {
        alarm.ring()
        alarm.ring()
        #expect(await alarm.sleep(.seconds(3600)))
        #expect(await alarm.sleep(.milliseconds(1)) == false)
    }

    @Test(
        "that does not ring lets the pause end by itself", arguments: [Duration.seconds(-1), .zero, .milliseconds(1)])
    func silence(pause: Duration) async {
        #expect(await alarm.sleep(pause) == false)
    }

    @Test("ends with the task that sleeps, also where that was cancelled before")
    func cancellation() async {
        let sleeper = Task { await alarm.sleep(.seconds(3600)) }
        sleeper.cancel()
        #expect(await sleeper.value == false)
        let later = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await alarm.sleep(.seconds(Int64.max))
        }
        #expect(await later.value == false)
        alarm.ring()
        #expect(await alarm.sleep(.seconds(3600)))
    }
}
