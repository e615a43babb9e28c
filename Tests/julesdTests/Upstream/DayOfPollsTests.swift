// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import julesd

/// A day of polls, in which no time passes.
@Suite("A day of polls")
struct DayOfPollsTests {
    /// The time that a request takes.
    private let request = Duration.milliseconds(300)

    /// When each poll of a day begins.
    private func polls(active: Bool) -> [Duration] {
        var cadence = PollCadence(base: .seconds(5))
        var polls: [Duration] = []
        var now = Duration.zero
        while now < .seconds(86_400) {
            polls.append(now)
            now += request + cadence.pause(after: .answered(active: active, changed: false), took: request)
        }
        return polls
    }

    @Test("An idle account of 1,000 sessions costs at most 75 requests in any hour but the first")
    func idle() {
        let polls = polls(active: false)
        let walk = 1000 / SessionList.pageSize
        for hour in 1..<24 {
            let start = Duration.seconds(3600 * hour)
            let count = polls.filter { $0 >= start && $0 < start + .seconds(3600) }.count
            #expect(count + walk * Int(3600 / UpstreamTimes().walkInterval.components.seconds) <= 75)
        }
        #expect(polls.filter { $0 < .seconds(3600) }.count + walk <= 80)
    }

    @Test("While sessions are active each change is seen within 6 s, at no more than 20 polls in any minute")
    func active() {
        let polls = polls(active: true)
        for (first, twentyFirst) in zip(polls, polls.dropFirst(20)) { #expect(twentyFirst - first >= .seconds(60)) }
        var next = 0
        for number in 0..<20_000 {
            // At a new place between two polls each time.
            let change = Duration.milliseconds(4317 * number)
            while next < polls.count, polls[next] < change { next += 1 }
            guard next < polls.count else { break }
            #expect(polls[next] + request - change <= .seconds(6))
        }
    }
}
