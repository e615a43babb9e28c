// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization
import Testing

@testable import julesd

@Suite("Request budget", .timeLimit(.minutes(2)))
struct RequestBudgetTests {
    @Test("At most the limit is granted in any 60 seconds, for all purposes together")
    func limit() {
        var budget = RequestBudget(limit: 100)
        var granted: [Duration] = []
        for step in 0..<3000 {
            let now = Duration.milliseconds(step * 100)
            let purpose = RequestBudget.Purpose.allCases[step % 5]
            if budget.take(for: purpose, at: now) == nil { granted.append(now) }
        }
        for start in granted {
            let inWindow = granted.filter { $0 >= start && $0 < start + .seconds(60) }
            #expect(inWindow.count <= 100)
        }
        #expect(granted.count > 400)
    }

    @Test("A tenth of the budget is kept for users, and readiness gets at most a tenth")
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
        #expect(RequestBudget.Purpose.allCases.map { background.remaining(for: $0, at: .zero) } == [50, 10, 40, 40, 0])
    }

    @Test("The poll gets what it needs for its interval, even if others ask without end")
    func reserve() {
        for purpose in [RequestBudget.Purpose.user, .followed, .background] {
            var budget = RequestBudget(limit: 100, pollInterval: .seconds(5))
            var polls = 0
            for second in 0..<300 {
                let now = Duration.seconds(second)
                while budget.take(for: purpose, at: now) == nil {}
                if second % 5 == 0, budget.take(for: .poll, at: now) == nil { polls += 1 }
            }
            #expect(polls == 60, "\(purpose)")
        }
    }

    @Test("At most half of a small budget is reserved for the poll, and not more than it needs")
    func smallReserve() {
        var small = RequestBudget(limit: 10, pollInterval: .seconds(1))
        for purpose in [RequestBudget.Purpose.user, .poll] {
            let granted = (0..<20).filter { _ in small.take(for: purpose, at: .zero) == nil }.count
            #expect(granted == 5)
        }
        var slow = RequestBudget(limit: 100, pollInterval: .seconds(60))
        let left = slow.remaining(for: .user, at: .zero)
        #expect(left == 97)
    }

    @Test("The sustainable interval of followed sessions is exact", arguments: [1, 20, 500])
    func sustainable(count: Int) {
        func refusals(every interval: Duration) -> Int {
            var budget = RequestBudget(limit: 100, pollInterval: .seconds(5))
            return (0..<20 * max(count, 76)).count { number in
                budget.take(for: .followed, at: interval * number / count) != nil
            }
        }
        let interval = RequestBudget(limit: 100, pollInterval: .seconds(5)).sustainableInterval(of: count)
        // The division may round down by less than a nanosecond.
        #expect(refusals(every: interval + .microseconds(1)) == 0)
        #expect(refusals(every: interval * 0.9) > 0)
    }

    @Test("After the returned wait a request is granted")
    func wait() {
        var budget = RequestBudget(limit: 10)
        for second in 0..<9 { #expect(budget.take(for: .poll, at: .seconds(second)) == nil) }
        #expect(budget.take(for: .poll, at: .seconds(20)) == .seconds(41))
        #expect(budget.take(for: .poll, at: .seconds(61)) == nil)
        #expect(budget.remaining(for: .user, at: .seconds(61)) == 1)
    }

    @Test("A lowered limit is respected")
    func lowered() {
        var budget = RequestBudget(limit: 20)
        for _ in 0..<18 { _ = budget.take(for: .poll, at: .zero) }
        budget.limit = 10
        #expect(budget.take(for: .user, at: .seconds(1)) == .seconds(60))
    }
}

@Suite("Poll cadence", .timeLimit(.minutes(2)))
struct PollCadenceTests {
    @Test("The poll interval is never longer than the ceiling, whatever the base")
    func slowBase() {
        var cadence = PollCadence(base: .seconds(3600), ceiling: .seconds(60))
        #expect(cadence.pause(after: .answered(active: true, changed: true)) == .seconds(60))
    }

    @Test("The interval is the base while a session is active, and grows when none is")
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

    @Test("The duration of a poll is subtracted from the pause, but at least half the base remains")
    func took() {
        var cadence = PollCadence(base: .seconds(5))
        #expect(cadence.pause(after: .answered(active: true, changed: false), took: .seconds(1)) == .seconds(4))
        #expect(cadence.pause(after: .answered(active: true, changed: false), took: .seconds(9)) == .milliseconds(2500))
        #expect(cadence.pause(after: .failed(.timedOut(sent: true)), took: .seconds(9)) == .seconds(5))
        #expect(cadence.pause(after: .unstored, took: .seconds(1)) == .seconds(5))
    }

    @Test("An outage is noticed if polls brought nothing for a minute longer than planned")
    func outage() {
        var cadence = PollCadence(base: .seconds(5))
        #expect(cadence.noteAnswer(at: .seconds(0)) == false)
        _ = cadence.pause(after: .answered(active: true, changed: false))
        #expect(cadence.noteAnswer(at: .seconds(65)) == false)
        _ = cadence.pause(after: .failed(.timedOut(sent: true)))
        #expect(cadence.noteAnswer(at: .seconds(131)) == true)
        for _ in 0..<5 { _ = cadence.pause(after: .answered(active: false, changed: false)) }
        #expect(cadence.noteAnswer(at: .seconds(131 + 120)) == false)
    }

    @Test("The pause after failures grows to a minute, or to what the API asks for")
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
    @Test("An answer that was requested before the one recorded last is dropped, for that session only")
    func overtaken() {
        var order = StaleAnswerFilter()
        func admits(_ id: String, asked second: Int) -> Bool { order.admit(id, asked: .seconds(second)) }
        #expect(admits("1", asked: 10))
        #expect(!admits("1", asked: 9))
        #expect(admits("1", asked: 10))
        #expect(admits("2", asked: 9))
        // A dropped answer does not count.
        #expect(admits("1", asked: 12) && !admits("1", asked: 11) && admits("1", asked: 12))
    }

    @Test("An answer is dropped if it was requested before one that outdates all others under way")
    func outdated() {
        var order = StaleAnswerFilter()
        #expect(order.admit("1", asked: .seconds(10), outdates: .seconds(20)) == true)
        #expect(order.admit("1", asked: .seconds(19)) == false)
        #expect(order.admit("1", asked: .seconds(20)) == true)
    }

    @Test("Old entries are forgotten")
    func memory() {
        var order = StaleAnswerFilter()
        for index in 0..<5000 { _ = order.admit("\(index)", asked: .seconds(index)) }
        #expect(order.admit("4999", asked: .zero) == false)
        #expect(order.admit("1", asked: .zero) == true)
    }
}

@Suite("Direct reads", .timeLimit(.minutes(2)))
struct DirectReadTurnsTests {
    @Test("Missing sessions are read first, then active ones beyond the page in turn")
    func turns() {
        var turns = DirectReadSchedule()
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
    @Test("A list that repeats itself or never ends is ended")
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

@Suite("Turns of followed sessions", .timeLimit(.minutes(2)))
struct FollowedTurnsTests {
    @Test("Followed sessions are read once per interval, a few at a time, the longest wait first")
    func turns() {
        var turns = FollowedTurns()
        let followed: Set = ["a", "b", "c", "d"]
        func next(_ second: Int, _ followed: Set<String>) -> [String] {
            turns.next(followed, every: .seconds(5), at: .seconds(second))
        }
        #expect(next(0, followed) == ["a", "b", "c"])
        #expect(next(1, followed) == ["d"])
        #expect(next(2, followed) == [])
        #expect(turns.pause(every: .seconds(5), at: .seconds(2)) == .seconds(3))
        #expect(next(7, followed) == ["a", "b", "c"])
        #expect(next(7, followed) == ["d"])
        // A new one is due at once. One that returns is new.
        #expect(next(8, ["a", "z"]) == ["z"])
        #expect(next(8, ["a", "b"]) == ["b"])
    }
}

@Suite("Page size", .timeLimit(.minutes(2)))
struct PageSizeTests {
    private let slow = UpstreamError.timedOut(sent: true)
    private let large = UpstreamError.undecodable(reason: "too large")

    @Test("The page size drops at once while pages are too large, and stays there")
    func tooLarge() {
        var size = PageSize()
        #expect(size.next(at: .zero) == 100)
        #expect(size.failed(100, large, at: .zero) == true)
        #expect(size.next(at: .zero) == 10)
        #expect(size.failed(10, large, at: .zero) == true)
        #expect(size.next(at: .zero) == 1)
        #expect(size.worked(1, at: .zero) == true)
        #expect(size.worked(1, at: .seconds(5)) == false)
        #expect(size.next(at: .seconds(9)) == 1)
    }

    @Test("The page size drops if pages are too slow, and rises again after the smallest one has failed")
    func hanging() {
        var size = PageSize()
        var asked: [Int] = []
        for second in 0..<5 {
            asked.append(size.next(at: .seconds(second)))
            #expect(size.failed(asked[second], slow, at: .seconds(second)) == false)
        }
        #expect(asked == [100, 10, 1, 100, 10])
    }

    @Test("A larger page is tried less and less often, and after a failure the proven size is used at once")
    func retries() {
        var size = PageSize()
        _ = size.failed(100, slow, at: .zero)
        #expect(size.worked(10, at: .zero) == true)
        var tries: [Int] = []
        for second in 1..<20_000 {
            guard size.next(at: .seconds(second)) == 100 else { continue }
            tries.append(second)
            #expect(size.failed(100, slow, at: .seconds(second)) == true)
            #expect(size.next(at: .seconds(second)) == 10)
        }
        #expect(tries.prefix(4) == [10, 30, 70, 150])
        #expect(tries.suffix(2).reduce(0) { $1 - $0 } == 3600)
    }

    @Test("The largest page size stays after it has worked, and other failures do not change the size")
    func recovery() {
        var size = PageSize()
        _ = size.failed(100, slow, at: .zero)
        _ = size.worked(10, at: .zero)
        #expect(size.failed(10, .failed(status: 503, retryAfter: nil), at: .seconds(5)) == false)
        #expect(size.next(at: .seconds(5)) == 10)
        #expect(size.next(at: .seconds(10)) == 100)
        #expect(size.worked(100, at: .seconds(10)) == false)
        #expect(size.next(at: .seconds(11)) == 100)
    }
}

@Suite("The API's health", .timeLimit(.minutes(2)))
struct UpstreamHealthTests {
    typealias Source = UpstreamHealth.Source
    private static let broken = UpstreamError.failed(status: 500, retryAfter: nil)
    private static let refused = UpstreamError.refused(
        status: 400, canonical: "INVALID_ARGUMENT", message: "", detail: nil)
    private static let key = UpstreamError.keyRejected(status: 401, message: "")
    private static let back = UpstreamHealth.Turn.back(after: .zero)

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let answers: [(Source, UpstreamError?)]
        let turns: [UpstreamHealth.Turn]
        let trouble: UpstreamError?

        init(
            _ name: String, _ answers: [(Source, UpstreamError?)], _ turns: [UpstreamHealth.Turn],
            trouble: UpstreamError? = nil
        ) {
            (testDescription, self.answers, self.turns, self.trouble) = (name, answers, turns, trouble)
        }
    }

    @Test(
        "The health follows the list and the probe, and from other requests only the key",
        arguments: [
            Row("a resource fails", [(.list, nil), (.request, broken), (.list, nil), (.request, broken)], []),
            Row(
                "the list fails and is back", [(.list, broken), (.list, broken), (.list, nil)],
                [.lost(broken), back]),
            Row(
                "a probe says nothing of the list", [(.list, broken), (.probe, nil)], [.lost(broken)],
                trouble: broken),
            Row("nor does a resource", [(.list, broken), (.request, nil)], [.lost(broken)], trouble: broken),
            Row("a list that is refused is no list", [(.list, refused)], [.lost(refused)], trouble: refused),
            Row("a refused resource is none of that", [(.request, refused), (.probe, refused)], []),
            Row("a list is a better probe", [(.probe, broken), (.list, nil)], [.lost(broken), back]),
            Row("a probe fails and is back", [(.list, nil), (.probe, broken), (.probe, nil)], [.lost(broken), back]),
            Row("a key refused anywhere", [(.request, key), (.list, broken)], [.keyRefused(key)], trouble: key),
            Row("and taken anywhere", [(.request, key), (.request, nil)], [.keyRefused(key), back]),
            Row(
                "a key refused during an outage", [(.list, broken), (.probe, key)],
                [.lost(broken), .keyRefused(key)], trouble: key),
            Row("a call that was cancelled", [(.list, .cancelled(sent: true))], []),
        ])
    func rows(row: Row) {
        let told = Told()
        let health = UpstreamHealth { turn in told.turns.withLock { $0.append(turn) } }
        for (source, error) in row.answers {
            health.note(error.map { .failure($0) } ?? .success(()), from: source, at: Timestamp(nanoseconds: 1))
        }
        #expect(told.turns.withLock { $0 } == row.turns)
        #expect(health.status.trouble?.error == row.trouble)
    }

    private final class Told: Sendable {
        let turns = Mutex<[UpstreamHealth.Turn]>([])
    }
}
