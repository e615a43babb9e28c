// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import julesd

@Suite("Request budget", .timeLimit(.minutes(2)))
struct RequestBudgetTests {
    @Test("lets no more than its limit through in any 60 seconds, whoever asks")
    func limit() {
        var budget = RequestBudget(limit: 100)
        var granted: [Duration] = []
        for step in 0..<3000 {
            let now = Duration.milliseconds(step * 100)
            let purpose = RequestBudget.Purpose.allCases[step % 4]
            if budget.take(for: purpose, at: now) == nil { granted.append(now) }
        }
        for start in granted {
            let inWindow = granted.filter { $0 >= start && $0 < start + .seconds(60) }
            #expect(inWindow.count <= 100)
        }
        #expect(granted.count > 400)
    }

    @Test("keeps a tenth for users, and gives readiness no more than a tenth")
    func shares() {
        var budget = RequestBudget(limit: 100)
        let polls = (0..<200).filter { _ in budget.take(for: .poll, at: .zero) == nil }.count
        #expect(polls == 90)
        let users = (0..<200).filter { _ in budget.take(for: .user, at: .zero) == nil }.count
        #expect(users == 10)
        var probes = RequestBudget(limit: 100)
        #expect((0..<200).filter { _ in probes.take(for: .probe, at: .zero) == nil }.count == 10)
        var background = RequestBudget(limit: 100)
        #expect((0..<200).filter { _ in background.take(for: .background, at: .zero) == nil }.count == 50)
        #expect(RequestBudget.Purpose.allCases.map { background.remaining(for: $0, at: .zero) } == [50, 10, 40, 0])
    }

    @Test("names a wait after which one request fits")
    func wait() {
        var budget = RequestBudget(limit: 10)
        for second in 0..<9 { #expect(budget.take(for: .poll, at: .seconds(second)) == nil) }
        #expect(budget.take(for: .poll, at: .seconds(20)) == .seconds(41))
        #expect(budget.take(for: .poll, at: .seconds(61)) == nil)
        #expect(budget.remaining(for: .user, at: .seconds(61)) == 1)
    }

    @Test("obeys a limit that was lowered")
    func lowered() {
        var budget = RequestBudget(limit: 20)
        for _ in 0..<18 { _ = budget.take(for: .poll, at: .zero) }
        budget.limit = 10
        #expect(budget.take(for: .user, at: .seconds(1)) == .seconds(60))
    }
}

@Suite("Poll cadence", .timeLimit(.minutes(2)))
struct PollCadenceTests {
    @Test("polls at least as often as the ceiling says, whatever the base")
    func slowBase() {
        var cadence = PollCadence(base: .seconds(3600), ceiling: .seconds(60))
        #expect(cadence.pause(after: .answered(active: true, changed: true)) == .seconds(60))
    }

    @Test("polls at the base while something is active, and ever more slowly when nothing is")
    func idle() {
        var cadence = PollCadence(base: .seconds(5))
        func pause(active: Bool, changed: Bool = false) -> Duration {
            cadence.pause(after: .answered(active: active, changed: changed))
        }
        #expect(pause(active: true) == .seconds(5))
        #expect(
            [pause(active: false), pause(active: false), pause(active: false)] == [10, 20, 40].map { .seconds($0) })
        #expect(pause(active: false) == .seconds(60))
        #expect(pause(active: false) == .seconds(60))
        #expect(pause(active: false, changed: true) == .seconds(5))
    }

    @Test("backs off from failures within a minute, and as far as the API asks")
    func failures() {
        var cadence = PollCadence(base: .seconds(5))
        let pauses = (0..<6).map { _ in cadence.pause(after: .failed(.timedOut(sent: true))) }
        #expect(pauses == [5, 10, 20, 40, 60, 60].map { .seconds($0) })
        #expect(cadence.pause(after: .failed(.throttled(retryAfter: .seconds(120)))) == .seconds(120))
        #expect(cadence.pause(after: .answered(active: true, changed: false)) == .seconds(5))
        #expect(cadence.pause(after: .failed(.timedOut(sent: true))) == .seconds(5))
    }
}

@Suite("Reading order", .timeLimit(.minutes(2)))
struct ReadingOrderTests {
    @Test("drops a list that was asked for before a direct reading, and no other")
    func overtaken() {
        var order = ReadingOrder()
        order.noteDirect("1", asked: .seconds(10))
        #expect(!order.isCurrent("1", asked: .seconds(9)))
        #expect(order.isCurrent("1", asked: .seconds(10)))
        #expect(order.isCurrent("2", asked: .seconds(9)))
        order.noteDirect("1", asked: .seconds(5))
        #expect(!order.isCurrent("1", asked: .seconds(9)))
    }

    @Test("forgets what is too long ago to matter")
    func memory() {
        var order = ReadingOrder()
        for index in 0..<5000 { order.noteDirect("\(index)", asked: .seconds(index)) }
        #expect(order.isCurrent("1", asked: .zero))
        #expect(!order.isCurrent("4999", asked: .zero))
    }
}

@Suite("Direct reads", .timeLimit(.minutes(2)))
struct DirectReadTurnsTests {
    @Test("takes missing sessions first, then active ones beyond the page in turn")
    func turns() {
        var turns = DirectReadTurns()
        let active: Set = ["a", "b", "c", "d", "shown"]
        func next(_ second: Int, missing: Set<String> = []) -> [String] {
            turns.next(active: active, shown: ["shown"], missing: missing, limit: 2, at: .seconds(second))
        }
        #expect(next(0) == ["a", "b"])
        #expect(next(5) == ["c", "d"])
        #expect(next(10, missing: ["z"]) == ["z", "a"])
        #expect(next(15, missing: ["z"]) == ["b", "c"])
        #expect(next(70, missing: ["z"]) == ["z", "d"])
    }
}

@Suite("Page tokens", .timeLimit(.minutes(2)))
struct PageTokensTests {
    @Test("end a list that repeats itself or never ends")
    func guards() {
        var tokens = PageTokens(maximum: 4)
        #expect(tokens.advance(to: "a") == .page)
        #expect(tokens.advance(to: "b") == .page)
        #expect(tokens.advance(to: "a") == .loop)
        #expect(tokens.advance(to: "c") == .page)
        #expect(tokens.advance(to: "d") == .loop)
        #expect(tokens.advance(to: nil) == .end)
    }
}
