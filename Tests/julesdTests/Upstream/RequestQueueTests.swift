// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import julesd

@Suite("Request queue", .timeLimit(.minutes(2)))
struct RequestQueueTests {
    typealias Purpose = RequestBudget.Purpose
    private static let forbidden = UpstreamError.keyRejected(status: 401, message: "no")

    private func queue(limit: Int = 1000, account: RequestQueue.Account = .ours) -> RequestQueue {
        var queue = RequestQueue(budget: RequestBudget(limit: limit), refusalPause: .seconds(60))
        _ = queue.note(account, of: queue.generation, at: .zero)
        return queue
    }

    struct Crowd: Sendable, CustomTestStringConvertible {
        let underWay: [Purpose]
        let next: Purpose
        let starts: Bool
        var testDescription: String { "\(underWay) then \(next): \(starts)" }
    }

    @Test(
        "One place is kept for the poll, and another one for people",
        arguments: [
            Crowd(underWay: [], next: .background, starts: true),
            Crowd(underWay: [.background, .background, .followed], next: .background, starts: false),
            Crowd(underWay: [.background, .background, .followed], next: .followed, starts: false),
            Crowd(underWay: [.background, .background, .followed], next: .user, starts: true),
            Crowd(underWay: [.user, .user, .user, .user], next: .user, starts: false),
            Crowd(underWay: [.user, .user, .user, .user], next: .probe, starts: false),
            Crowd(underWay: [.user, .user, .user, .user], next: .poll, starts: true),
            Crowd(underWay: [.poll, .user, .user, .user, .user], next: .poll, starts: false),
            Crowd(underWay: [.poll, .user, .user, .user], next: .user, starts: true),
            Crowd(underWay: [.poll, .background, .background], next: .followed, starts: true),
        ])
    func places(crowd: Crowd) {
        var queue = queue()
        for (id, purpose) in crowd.underWay.enumerated() {
            _ = queue.add(id, for: purpose, deadline: nil, at: .zero)
            #expect(queue.decision(on: id, at: .zero) == .start)
        }
        _ = queue.add(9, for: crowd.next, deadline: nil, at: .zero)
        #expect(queue.decision(on: 9, at: .zero) == (crowd.starts ? .start : .wait(until: nil)))
    }

    @Test("A free place goes to the most urgent request, then to the oldest")
    func order() {
        var queue = queue()
        for id in 0..<4 { _ = queue.add(id, for: .user, deadline: nil, at: .zero) }
        _ = queue.add(10, for: .background, deadline: nil, at: .zero)
        _ = queue.add(11, for: .user, deadline: nil, at: .zero)
        _ = queue.add(12, for: .user, deadline: nil, at: .zero)
        #expect(queue.end(0, .success(()), at: .zero) == [11])
        #expect(queue.end(1, .success(()), at: .zero) == [12])
        #expect(queue.end(2, .success(()), at: .zero) == [])
        #expect(queue.end(3, .success(()), at: .zero) == [10])
    }

    @Test("A request without a place fails at its deadline, and a place that is given up goes to the next one")
    func deadlines() {
        var queue = queue()
        for id in 0..<4 { _ = queue.add(id, for: .user, deadline: .seconds(5), at: .zero) }
        _ = queue.add(4, for: .user, deadline: .seconds(5), at: .zero)
        _ = queue.add(5, for: .user, deadline: .seconds(9), at: .zero)
        #expect(queue.decision(on: 4, at: .zero) == .wait(until: .seconds(5)))
        #expect(queue.advance(to: .seconds(5)) == [4])
        #expect(queue.decision(on: 4, at: .seconds(5)) == .fail(.timedOut(sent: false)))
        // The deadline is for the wait. A request that has started is not cut short.
        #expect(queue.decision(on: 0, at: .seconds(6)) == .start)
        #expect(queue.remove(0, at: .seconds(6)) == [5])
        #expect(queue.decision(on: 5, at: .seconds(6)) == .start)
    }

    @Test("A request that leaves while it waits is forgotten")
    func left() {
        var queue = queue()
        for id in 0..<6 { _ = queue.add(id, for: .user, deadline: nil, at: .zero) }
        #expect(queue.remove(4, at: .zero) == [])
        #expect(queue.end(0, .success(()), at: .zero) == [5])
    }

    @Test("A request waits for the budget, or fails at once if that takes longer than it may wait")
    func budget() {
        var queue = queue(limit: 10)
        for id in 0..<10 {
            _ = queue.add(id, for: .user, deadline: nil, at: .zero)
            _ = queue.end(id, .success(()), at: .zero)
        }
        _ = queue.add(20, for: .user, deadline: .seconds(5), at: .seconds(1))
        #expect(queue.decision(on: 20, at: .seconds(1)) == .fail(.throttled(retryAfter: .seconds(60))))
        _ = queue.add(21, for: .user, deadline: nil, at: .seconds(1))
        #expect(queue.decision(on: 21, at: .seconds(1)) == .wait(until: .seconds(61)))
        #expect(queue.advance(to: .seconds(61)) == [21])
        #expect(queue.decision(on: 21, at: .seconds(61)) == .start)
    }

    @Test("A request that all instances together have no budget for waits again, in its place, until they have")
    func putBack() {
        var queue = queue(limit: 10)
        for id in 0..<3 { _ = queue.add(id, for: .user, deadline: nil, at: .zero) }
        let spent = (0..<10).map { RequestBudget.Request(at: .seconds(-20 + $0), purpose: .background) }
        #expect(queue.putBack(1, spent: spent, at: .zero) == [])
        #expect(queue.putBack(0, spent: spent, at: .zero) == [])
        #expect(queue.decision(on: 0, at: .zero) == .wait(until: .seconds(41)))
        #expect(queue.remaining(for: .user, at: .zero) == 0)
        #expect(queue.advance(to: .seconds(41)) == [0])
        #expect(queue.advance(to: .seconds(42)) == [1])
    }

    @Test("A request that is put back for longer than it may wait fails, and says for how long")
    func putBackTooLong() {
        var queue = queue(limit: 10)
        _ = queue.add(0, for: .user, deadline: .seconds(5), at: .zero)
        let spent = (0..<10).map { _ in RequestBudget.Request(at: .seconds(-20), purpose: .user) }
        #expect(queue.putBack(0, spent: spent, at: .zero) == [0])
        #expect(queue.decision(on: 0, at: .zero) == .fail(.throttled(retryAfter: .seconds(41))))
    }

    @Test("If the request that tries a refused key is put back, the next one tries it")
    func putBackTrial() {
        var queue = queue(limit: 10)
        _ = queue.add(0, for: .user, deadline: nil, at: .zero)
        _ = queue.end(0, .failure(Self.forbidden), at: .zero)
        _ = queue.add(1, for: .user, deadline: nil, at: .seconds(60))
        let spent = (0..<10).map { _ in RequestBudget.Request(at: .seconds(50), purpose: .user) }
        #expect(queue.putBack(1, spent: spent, at: .seconds(60)) == [])
        #expect(queue.decision(on: 1, at: .seconds(60)) == .wait(until: .seconds(111)))
        #expect(queue.advance(to: .seconds(111)) == [1])
    }

    struct Answer: Sendable {
        let purpose: Purpose
        let error: UpstreamError
        let holds: Bool
    }

    @Test(
        "The API is left alone for as long as it asks, except for people",
        arguments: [
            Answer(purpose: .background, error: .throttled(retryAfter: .seconds(30)), holds: true),
            Answer(purpose: .poll, error: .failed(status: 503, retryAfter: .seconds(30)), holds: true),
            // The failure of one resource holds no other request back.
            Answer(purpose: .background, error: .failed(status: 503, retryAfter: .seconds(30)), holds: false),
            Answer(purpose: .user, error: .failed(status: 503, retryAfter: .seconds(30)), holds: false),
            Answer(purpose: .poll, error: .failed(status: 503, retryAfter: nil), holds: false),
        ])
    func throttle(answer: Answer) {
        var queue = queue()
        _ = queue.add(1, for: answer.purpose, deadline: nil, at: .zero)
        _ = queue.end(1, .failure(answer.error), at: .seconds(1))
        _ = queue.add(2, for: .poll, deadline: nil, at: .seconds(1))
        #expect(queue.decision(on: 2, at: .seconds(1)) == (answer.holds ? .wait(until: .seconds(31)) : .start))
        _ = queue.add(3, for: .user, deadline: nil, at: .seconds(1))
        #expect(queue.decision(on: 3, at: .seconds(1)) == .start)
        #expect(queue.advance(to: .seconds(31)) == (answer.holds ? [2] : []))
    }

    @Test("After a refused key all requests fail at once, and one after each pause tries the key again")
    func refusedKey() {
        var queue = queue()
        for id in 0..<5 { _ = queue.add(id, for: .user, deadline: nil, at: .zero) }
        #expect(queue.end(0, .failure(Self.forbidden), at: .zero) == [4])
        #expect(queue.decision(on: 4, at: .zero) == .fail(Self.forbidden))
        _ = queue.add(10, for: .poll, deadline: nil, at: .seconds(59))
        #expect(queue.decision(on: 10, at: .seconds(59)) == .fail(Self.forbidden))
        _ = queue.add(11, for: .poll, deadline: nil, at: .seconds(60))
        _ = queue.add(12, for: .user, deadline: nil, at: .seconds(60))
        #expect(queue.decision(on: 11, at: .seconds(60)) == .start)
        #expect(queue.decision(on: 12, at: .seconds(60)) == .fail(Self.forbidden))
        _ = queue.end(11, .success(()), at: .seconds(61))
        _ = queue.add(13, for: .user, deadline: nil, at: .seconds(61))
        #expect(queue.decision(on: 13, at: .seconds(61)) == .start)
    }

    @Test("A new key is tried at once, and answers and waits of the old key do not count")
    func newKey() {
        var queue = queue()
        for id in 0..<2 { _ = queue.add(id, for: .poll, deadline: nil, at: .zero) }
        _ = queue.add(2, for: .background, deadline: nil, at: .zero)
        _ = queue.end(2, .failure(.throttled(retryAfter: .seconds(300))), at: .zero)
        _ = queue.end(0, .failure(Self.forbidden), at: .zero)
        _ = queue.reload((1000, nil), hasNewKey: true, at: .zero)
        _ = queue.note(.ours, of: queue.generation, at: .zero)
        #expect(!queue.isCurrent(1))
        _ = queue.end(1, .failure(Self.forbidden), at: .seconds(1))
        _ = queue.add(3, for: .poll, deadline: nil, at: .seconds(1))
        #expect(queue.decision(on: 3, at: .seconds(1)) == .start)
        #expect(queue.isCurrent(3))
    }

    @Test("After a reload with the same key the wait of the API still applies")
    func sameKey() {
        var queue = queue()
        _ = queue.add(1, for: .poll, deadline: nil, at: .zero)
        _ = queue.end(1, .failure(.throttled(retryAfter: .seconds(300))), at: .zero)
        _ = queue.reload((1000, nil), hasNewKey: false, at: .zero)
        _ = queue.add(2, for: .poll, deadline: nil, at: .zero)
        #expect(queue.decision(on: 2, at: .zero) == .wait(until: .seconds(300)))
    }

    @Test("Only probes are sent until the account of the key is known", arguments: Purpose.allCases)
    func unchecked(purpose: Purpose) {
        var queue = queue(account: .unchecked)
        _ = queue.add(1, for: purpose, deadline: nil, at: .zero)
        _ = queue.add(2, for: purpose, deadline: .seconds(5), at: .zero)
        guard purpose != .probe else {
            #expect(queue.decision(on: 1, at: .zero) == .start)
            return
        }
        #expect(queue.decision(on: 1, at: .zero) == .wait(until: nil))
        #expect(queue.advance(to: .seconds(5)) == [2])
        #expect(queue.decision(on: 2, at: .seconds(5)) == .fail(.timedOut(sent: false)))
        let (isCurrent, decided) = queue.note(.ours, of: queue.generation, at: .seconds(6))
        #expect(isCurrent && decided == [1])
        #expect(queue.decision(on: 1, at: .seconds(6)) == .start)
    }

    @Test("All requests except probes fail at once if the key belongs to another account", arguments: Purpose.allCases)
    func otherAccount(purpose: Purpose) {
        let error = UpstreamError.otherAccount(kept: 3)
        var queue = queue(account: .unchecked)
        _ = queue.add(1, for: purpose, deadline: nil, at: .zero)
        _ = queue.note(.other(error), of: queue.generation, at: .zero)
        _ = queue.add(2, for: purpose, deadline: nil, at: .zero)
        for id in 1...2 { #expect(queue.decision(on: id, at: .zero) == (purpose == .probe ? .start : .fail(error))) }
    }

    struct Reload: Sendable, CustomTestStringConvertible {
        let before: RequestQueue.Account
        let hasNewKey: Bool
        let after: RequestQueue.Account
        var testDescription: String { "\(before), new key: \(hasNewKey)" }
    }

    @Test(
        "After a reload the known account is kept only for the same key",
        arguments: [
            Reload(before: .ours, hasNewKey: false, after: .ours),
            Reload(before: .ours, hasNewKey: true, after: .unchecked),
            Reload(before: .other(.otherAccount(kept: 3)), hasNewKey: false, after: .unchecked),
            Reload(before: .other(.otherAccount(kept: 3)), hasNewKey: true, after: .unchecked),
            Reload(before: .unchecked, hasNewKey: false, after: .unchecked),
        ])
    func reloadedAccount(reload: Reload) {
        var queue = queue(account: reload.before)
        let generation = queue.generation
        _ = queue.reload((1000, nil), hasNewKey: reload.hasNewKey, at: .zero)
        #expect(queue.account == reload.after)
        #expect(queue.note(.other(.otherAccount(kept: 9)), of: generation, at: .zero).value == false)
        #expect(queue.account == reload.after)
    }
}
