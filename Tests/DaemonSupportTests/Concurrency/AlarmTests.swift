// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import DaemonSupport

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

    @Test(
        "leaves nothing behind of pauses that it ends",
        .disabled(if: getenv("ASAN_OPTIONS") != nil, "a sanitizer keeps what has been freed"))
    func memory() async throws {
        let alarms = (1...500).map { _ in Alarm() }
        let before = try residentPages()
        for _ in 1...200 {
            await withDiscardingTaskGroup { group in
                for alarm in alarms { group.addTask { _ = await alarm.sleep(.seconds(3600)) } }
                // Most sleep by then; one that does not is woken all the same.
                try? await Task.sleep(for: .milliseconds(5))
                for alarm in alarms { alarm.ring() }
            }
        }
        // A task and a timer for each would be 90 MB; what other tests take meanwhile is less.
        #expect(try residentPages() - before < 50_000_000 / Int(getpagesize()))
    }

    private func residentPages() throws -> Int {
        let numbers = String(decoding: try FileContents.read("/proc/self/statm") ?? [], as: UTF8.self)
        return try #require(numbers.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}
