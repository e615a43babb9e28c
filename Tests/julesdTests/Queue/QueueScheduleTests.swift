// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("QueueSchedule", .timeLimit(.minutes(2)))
struct QueueScheduleTests {
    private var schedule = QueueSchedule()
    private let start = Timestamp(milliseconds: 1_795_000_000_000)

    private func entry(
        _ id: String, _ repository: String = "acme/harbor", uncertain: Bool = false, refusals: Int = 0
    ) -> QueueEntry {
        QueueEntry(
            id: id, queued: start, repository: repository, isUncertain: uncertain, refusals: refusals)
    }

    private func quota(
        perDay: Int = 0, atOnce: Int = 0, perRepository: Int = 0, created: [Timestamp] = [],
        running: [String: Int] = [:]
    ) -> TaskQuota {
        TaskQuota(
            limits: TaskLimits(perDay: perDay, atOnce: atOnce, atOncePerRepository: perRepository),
            usage: TaskUsage(created: created, running: running))
    }

    private mutating func step(
        _ entries: [QueueEntry], _ quota: TaskQuota? = nil, after elapsed: Duration = .zero
    ) -> QueueSchedule.Step {
        schedule.step(entries, quota ?? self.quota(), at: start.advanced(by: elapsed), elapsed: elapsed)
    }

    private mutating func refuse(_ entry: QueueEntry, after elapsed: Duration, retryAfter: Duration? = nil) {
        _ = schedule.note(
            .refused("full", retryAfter: retryAfter, mayHaveStarted: true), of: entry, elapsed: elapsed)
    }

    @Test("Without limits the first entry starts, and without entries the queue is idle")
    mutating func first() {
        #expect(step([]) == .idle)
        #expect(step([entry("a"), entry("b")]) == .start("a"))
    }

    @Test("An entry waits for a place under the limit per day, at most a minute at a time")
    mutating func day() {
        let created = [-86_390, -10].map { start.advanced(by: .seconds($0)) }
        #expect(step([entry("a")], quota(perDay: 3, created: created)) == .start("a"))
        #expect(step([entry("a")], quota(perDay: 2, created: created)) == .wait(.seconds(10)))
        #expect(step([entry("a")], quota(perDay: 1, created: created)) == .wait(.seconds(60)))
    }

    @Test("All active sessions count, whoever started them")
    mutating func atOnce() {
        let running = ["acme/harbor": 2, "": 1]
        #expect(step([entry("a")], quota(atOnce: 3, running: running)) == .wait(.seconds(60)))
        #expect(step([entry("a")], quota(atOnce: 4, running: running)) == .start("a"))
    }

    @Test("A repository at its limit is skipped, and tasks without a repository are not limited")
    mutating func repository() {
        let full = quota(perRepository: 1, running: ["acme/harbor": 1, "": 5])
        #expect(step([entry("a"), entry("b", "acme/reef")], full) == .start("b"))
        #expect(step([entry("a"), entry("b", "")], full) == .start("b"))
        #expect(step([entry("a")], full) == .wait(.seconds(60)))
    }

    @Test("A task that may have started goes first, and is only looked for if the account is full")
    mutating func uncertain() {
        let entries = [entry("a"), entry("b", uncertain: true)]
        #expect(step(entries) == .start("b"))
        let full = quota(atOnce: 1, running: ["acme/harbor": 1])
        #expect(step(entries, full) == .look("b"))
        #expect(step(entries, full, after: .seconds(59)) == .wait(.seconds(60)))
        #expect(step(entries, full, after: .seconds(60)) == .look("b"))
    }

    @Test("A request of a daemon that has ended is not repeated while it can still take effect")
    mutating func settling() {
        var killed = entry("b", uncertain: true)
        killed.asked = start
        #expect(step([killed]) == .look("b"))
        #expect(step([killed]) == .wait(.seconds(10)))
        #expect(step([entry("a"), killed]) == .start("a"))
        #expect(step([entry("a"), killed], quota(atOnce: 1)) == .wait(.seconds(10)))
        #expect(step([killed], after: .seconds(10)) == .look("b"))
        #expect(step([killed], after: .seconds(119)) == .look("b"))
        #expect(step([killed], after: .seconds(120)) == .start("b"))
    }

    @Test("Another task that may have started counts as active")
    mutating func pending() {
        let entries = [entry("a"), entry("b", "acme/reef", uncertain: true)]
        let room = quota(atOnce: 2, perRepository: 1, running: ["acme/reef": 1])
        #expect(step(entries, room) == .look("b"))
        #expect(step(entries, room) == .wait(.seconds(60)))
        #expect(step(entries, quota(atOnce: 3, perRepository: 1, running: ["acme/reef": 1])) == .start("a"))
    }

    @Test("In a full repository such a task is looked for, and counts as active until it certainly did not start")
    mutating func missing() {
        let entries = [entry("a"), entry("b", "acme/reef", uncertain: true)]
        let full = quota(atOnce: 2, perRepository: 1, running: ["acme/reef": 1])
        #expect(step(entries, full) == .look("b"))
        var certain: [Bool] = []
        for seconds in [0, 150, 151] { certain.append(schedule.noteMissing("b", elapsed: .seconds(seconds))) }
        #expect(certain == [false, false, true])
    }

    @Test("After refusals in a row the queue pauses for 1, 2, 5 and then 10 minutes, and a start resets that")
    mutating func pauses() {
        let only = entry("a")
        var elapsed = Duration.zero
        for minutes in [1, 2, 5, 10, 10] {
            refuse(only, after: elapsed)
            #expect(schedule.hold?.until == elapsed + .seconds(60 * minutes))
            #expect(step([only], after: elapsed) == .wait(.seconds(60)))
            elapsed += .seconds(60 * minutes)
            #expect(step([only], after: elapsed) == .start("a"))
        }
        #expect(schedule.note(.started, of: only, elapsed: elapsed) == .started(instead: nil))
        #expect(schedule.hold == nil)
        refuse(only, after: elapsed)
        #expect(schedule.hold?.until == elapsed + .seconds(60))
    }

    @Test("The queue pauses for as long as Jules asks")
    mutating func retryAfter() {
        _ = schedule.note(
            .refused("429", retryAfter: .seconds(3000), mayHaveStarted: false), of: entry("a"), elapsed: .zero)
        #expect(step([entry("a"), entry("b", "acme/reef")], after: .seconds(2999)) == .wait(.seconds(1)))
        #expect(step([entry("a")], after: .seconds(3000)) == .start("a"))
    }

    @Test("While Jules is unavailable, the queue tries again every half minute")
    mutating func trouble() {
        for elapsed in stride(from: 0, to: 300, by: 30) {
            _ = schedule.note(
                .trouble("away", mayHaveStarted: false), of: entry("a"), elapsed: .seconds(elapsed))
            #expect(schedule.hold?.until == .seconds(elapsed + 30))
            #expect(schedule.hold?.isRefusal == false)
        }
    }

    @Test("A task that fails by itself holds up no other task")
    mutating func impossible() {
        #expect(schedule.note(.impossible("bad"), of: entry("a"), elapsed: .zero) == .fails("bad"))
        #expect(step([entry("b")]) == .start("b"))
    }

    @Test("After two refusals a task of another repository is tried, which shows the cause")
    mutating func suspect() {
        let (bad, good) = (entry("bad", uncertain: true), entry("good", "acme/reef"))
        refuse(bad, after: .zero)
        #expect(step([bad, good]) == .wait(.seconds(60)))
        refuse(bad, after: .seconds(60))
        #expect(step([bad, good], after: .seconds(61)) == .start("good"))
        #expect(schedule.note(.started, of: good, elapsed: .seconds(62)) == .started(instead: "bad"))
        #expect(step([bad, good], after: .seconds(62)) == .start("bad"))
    }

    @Test("If two repositories are refused together, neither is the cause")
    mutating func both() {
        let (one, other) = (entry("one"), entry("other", "acme/reef"))
        refuse(one, after: .zero)
        refuse(one, after: .seconds(60))
        refuse(other, after: .seconds(61))
        #expect(step([one, other], after: .seconds(62)) == .wait(.seconds(60)))
        #expect(schedule.hold?.until == .seconds(180))
        #expect(step([one, other], after: .seconds(180)) == .start("one"))
    }

    @Test("A task that Jules refuses while it accepts others is given up")
    mutating func poison() {
        let verdict = schedule.note(
            .refused("Precondition check failed.", retryAfter: nil, mayHaveStarted: true),
            of: entry("bad", refusals: 3), elapsed: .zero)
        #expect(
            verdict == .fails("Jules has taken other tasks 3 times, and not this one: Precondition check failed."))
        #expect(schedule.hold == nil)
    }
}

@Suite("TaskQuota", .timeLimit(.minutes(2)))
struct TaskQuotaTests {
    private let now = Timestamp(milliseconds: 1_795_000_000_000)

    private func ago(_ hours: Int...) -> [Timestamp] { hours.map { now.advanced(by: .seconds(-3600 * $0)) } }

    private func quota(_ limit: Int, _ created: [Timestamp]) -> TaskQuota {
        TaskQuota(limits: TaskLimits(perDay: limit), usage: TaskUsage(created: created))
    }

    @Test(
        "The quota says when the next place is free",
        arguments: [(3, [20, 10], nil), (2, [20, 10], 4), (1, [20, 10], 14), (0, [20, 10], nil)] as [(Int, [Int], Int?)]
    )
    func nextFree(limit: Int, created: [Int], hours: Int?) {
        let times = created.map { now.advanced(by: .seconds(-3600 * $0)) }
        #expect(quota(limit, times).nextFree == hours.map { now.advanced(by: .seconds(3600 * $0)) })
    }

    @Test("The quota says when each place in the queue can start, also after a day")
    func earliest() {
        let quota = quota(3, ago(20, 10))
        let hours = (1...7).map { quota.earliest(position: $0, at: now)?.duration(since: now) }
        #expect(hours == [0, 4, 14, 24, 28, 38, 48].map { .seconds(3600 * $0) })
        #expect(self.quota(0, []).earliest(position: 1, at: now) == nil)
    }

    @Test("If more tasks were created than allowed, the oldest ones have to leave the window first")
    func surplus() {
        let quota = quota(2, ago(20, 10, 5))
        #expect(quota.isFull())
        #expect(quota.nextFree == now.advanced(by: .seconds(3600 * 14)))
        #expect(quota.earliest(position: 1, at: now) == quota.nextFree)
    }
}
