// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Endpoint gate", .timeLimit(.minutes(2)))
struct EndpointGateTests {
    private let start = Timestamp(milliseconds: 1_795_200_000_000)

    private func after(_ milliseconds: Int) -> Timestamp { start.advanced(by: .milliseconds(milliseconds)) }

    @Test("At most four deliveries run at a time, and one of each session")
    func places() {
        var gate = EndpointGate()
        #expect(gate.begin("1", at: start) == .begin)
        #expect(gate.begin("1", at: start) == .busy)
        for session in ["2", "3", "4"] { #expect(gate.begin(session, at: start) == .begin) }
        #expect(gate.begin("5", at: start) == .busy)
        gate.note(.delivered(status: 204), of: "1", at: start)
        // The session's next delivery waits until this one is in the store.
        #expect(gate.begin("1", at: start) == .busy)
        gate.release("1")
        #expect(gate.begin("1", at: start) == .begin)
    }

    @Test(
        "A pause that the endpoint asks for holds everything",
        arguments: [
            (DeliveryOutcome.throttled(status: 429, pause: .milliseconds(376)), 376),
            (.throttled(status: 503, pause: .seconds(60)), 60_000),
            (
                .delivered(status: 204, allowance: .init(remaining: 0, resetAfter: .milliseconds(1500))), 1500
            ),
        ])
    func held(outcome: DeliveryOutcome, milliseconds: Int) {
        var gate = EndpointGate()
        _ = gate.begin("1", at: start)
        gate.note(outcome, of: "1", at: start)
        gate.release("1")
        #expect(gate.begin("2", at: after(milliseconds - 1)) == .held(until: after(milliseconds)))
        #expect(gate.begin("2", at: after(milliseconds)) == .begin)
        // A reload forgets the pause, but not the deliveries under way.
        var fresh = gate.forgetting(spacing: .zero)
        #expect(fresh.begin("2", at: start) == .busy && fresh.begin("3", at: start) == .begin)
    }

    @Test("No more deliveries begin than the endpoint still accepts, including those under way")
    func allowance() {
        var gate = EndpointGate()
        for session in ["1", "2"] { _ = gate.begin(session, at: start) }
        let allowance = DeliveryOutcome.Allowance(remaining: 2, resetAfter: .seconds(2))
        gate.note(.delivered(status: 204, allowance: allowance), of: "1", at: start)
        gate.release("1")
        #expect(gate.begin("3", at: start) == .begin)
        #expect(gate.begin("4", at: start) == .held(until: after(2000)))
        #expect(gate.begin("4", at: after(2000)) == .begin)
    }

    @Test("The refusal or failure of one delivery holds no other one")
    func notHeld() {
        for outcome in [DeliveryOutcome.refused(status: 413), .failed(status: 500, reason: ""), .gone] {
            var gate = EndpointGate()
            _ = gate.begin("1", at: start)
            gate.note(outcome, of: "1", at: start)
            #expect(gate.begin("2", at: start) == .begin)
        }
    }

    @Test("After 429 without Retry-After the pause doubles up to five minutes, once for refusals at the same time")
    func grows() {
        var gate = EndpointGate()
        var now = start
        for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            for session in ["1", "2", "3", "4"] { _ = gate.begin(session, at: now) }
            let underWay = gate.count
            #expect(underWay >= 1)
            for session in ["1", "2", "3", "4"] {
                gate.note(.throttled(status: 429, pause: nil), of: session, at: now)
                gate.release(session)
            }
            #expect(gate.heldUntil == now.advanced(by: .seconds(pause)))
            now = now.advanced(by: .seconds(pause))
        }
        #expect(gate.isThrottled)
    }

    /// A receiver that accepts `limit` posts in each `window`. A window begins with a post.
    struct Receiver {
        var limit = 5
        var window = Duration.seconds(2)
        /// What a refusal says; `nil` for nothing.
        var retryAfter: Duration?
        /// Whether each answer says how many more posts are accepted, and when the window ends.
        var tells = false
        private(set) var taken = 0
        private(set) var posts = 0
        private var began: Timestamp?
        private var count = 0

        init(limit: Int = 5, window: Duration = .seconds(2), retryAfter: Duration? = nil, tells: Bool = false) {
            (self.limit, self.window, self.retryAfter, self.tells) = (limit, window, retryAfter, tells)
        }

        mutating func post(at now: Timestamp) -> DeliveryOutcome {
            posts += 1
            if began.map({ now.duration(since: $0) >= window }) ?? true { (began, count) = (now, 0) }
            guard count < limit else { return .throttled(status: 429, pause: retryAfter) }
            taken += 1
            count += 1
            let resetAfter = window - now.duration(since: began ?? now)
            return .delivered(
                status: 204, allowance: tells ? .init(remaining: limit - count, resetAfter: resetAfter) : nil)
        }
    }

    @Test(
        "A burst of thirty arrives about as fast as the receiver accepts it, with few refused posts",
        arguments: [
            // The receiver, the largest number of posts, and the largest number of seconds.
            (Receiver(tells: true), 30, 15), (Receiver(retryAfter: .milliseconds(376)), 45, 25),
            (Receiver(retryAfter: .seconds(2)), 45, 25), (Receiver(), 45, 40),
            (Receiver(limit: 1, window: .seconds(1), retryAfter: .seconds(1)), 60, 50),
        ] as [(Receiver, Int, Int)])
    func burst(receiver: Receiver, posts: Int, seconds: Int) {
        var receiver = receiver
        var gate = EndpointGate()
        var waiting = (1...30).map(String.init)
        var underWay: [(session: String, ends: Timestamp)] = []
        var now = start
        while !waiting.isEmpty || !underWay.isEmpty {
            for done in underWay where done.ends <= now {
                let outcome = receiver.post(at: now)
                gate.note(outcome, of: done.session, at: now)
                gate.release(done.session)
                if case .throttled = outcome { waiting.append(done.session) }
            }
            underWay.removeAll { $0.ends <= now }
            while let next = waiting.first, gate.begin(next, at: now) == .begin {
                waiting.removeFirst()
                underWay.append((next, now.advanced(by: .milliseconds(20))))
            }
            now = now.advanced(by: .milliseconds(5))
            guard now < start.advanced(by: .seconds(3600)) else { break }
        }
        #expect(receiver.taken == 30)
        #expect(receiver.posts <= posts)
        #expect(now <= start.advanced(by: .seconds(seconds)), "\(now.duration(since: start))")
    }

    @Test("Slack gets one delivery per second")
    func spacing() {
        var gate = EndpointGate(spacing: .seconds(1))
        #expect(gate.begin("1", at: start) == .begin)
        #expect(gate.begin("2", at: after(999)) == .held(until: after(1000)))
        #expect(gate.begin("2", at: after(1000)) == .begin)
    }
}
