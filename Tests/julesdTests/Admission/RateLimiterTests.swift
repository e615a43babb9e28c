// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("RateLimiter", .timeLimit(.minutes(2)))
struct RateLimiterTests {
    private let start = ContinuousClock.now
    private let client = IPAddress(v4: 1)

    @Test("The limit is admitted, the next request is refused, and the answer says when there is room again")
    func limit() {
        var limiter = RateLimiter(origin: start)
        for used in 1...60 {
            let verdict = limiter.admit(client: client, route: "/a", limit: 60, at: start + .milliseconds(100 * used))
            #expect(verdict.isAdmitted)
            #expect(verdict.remaining == 60 - used)
        }
        let refused = limiter.admit(client: client, route: "/a", limit: 60, at: start + .seconds(10))
        #expect(refused == .init(isAdmitted: false, limit: 60, remaining: 0, resetSeconds: 51))
        // Refused requests do not count, so waiting for the given time is enough.
        let again = limiter.admit(client: client, route: "/a", limit: 60, at: start + .seconds(10 + 51))
        #expect(again.isAdmitted)
    }

    @Test("No more than the limit is admitted in any 60 s, however the requests are spaced")
    func anyWindow() {
        var limiter = RateLimiter(origin: start)
        var admitted: [Int] = []
        // A quarter of a second apart, with pauses that move across the borders of the window.
        var time = 0
        for step in 0..<4000 {
            time += step % 37 == 0 ? 11_300 : 250
            let verdict = limiter.admit(client: client, route: "/a", limit: 20, at: start + .milliseconds(time))
            if verdict.isAdmitted { admitted.append(time) }
        }
        #expect(admitted.count > 500)
        for (index, first) in admitted.enumerated() where index + 20 < admitted.count {
            #expect(admitted[index + 20] - first >= 60_000)
        }
    }

    @Test("Each address and each route is counted separately")
    func keys() {
        var limiter = RateLimiter(origin: start)
        #expect(limiter.admit(client: client, route: "/a", limit: 1, at: start).isAdmitted)
        #expect(!limiter.admit(client: client, route: "/a", limit: 1, at: start).isAdmitted)
        #expect(limiter.admit(client: client, route: "/b", limit: 1, at: start).isAdmitted)
        #expect(limiter.admit(client: IPAddress(v4: 2), route: "/a", limit: 1, at: start).isAdmitted)
    }

    @Test("The memory is limited, and nobody is forgotten within the minute while there is room")
    func bounded() {
        var limiter = RateLimiter(capacity: 100, origin: start)
        for number in 0..<10_000 {
            _ = limiter.admit(client: IPAddress(v4: UInt32(number)), route: "/a", limit: 1, at: start)
            #expect(limiter.count <= 200)
        }
        #expect(
            !limiter.admit(client: IPAddress(v4: 9_950), route: "/a", limit: 1, at: start + .seconds(59)).isAdmitted)
        _ = limiter.admit(client: client, route: "/a", limit: 1, at: start + .seconds(200))
        _ = limiter.admit(client: client, route: "/a", limit: 1, at: start + .seconds(400))
        #expect(limiter.count <= 101)
    }

    @Test("A limit that a reload changes takes effect")
    func reload() {
        var limiter = RateLimiter(origin: start)
        for _ in 0..<5 { _ = limiter.admit(client: client, route: "/a", limit: 10, at: start) }
        #expect(!limiter.admit(client: client, route: "/a", limit: 3, at: start).isAdmitted)
        #expect(limiter.admit(client: client, route: "/a", limit: 6, at: start).isAdmitted)
    }

    @Test("The fields are written as in the draft")
    func fields() {
        let verdict = RateLimiter.Verdict(isAdmitted: true, limit: 60, remaining: 7, resetSeconds: 12)
        #expect(verdict.policyField(route: "/api/sessions/{id}") == "\"/api/sessions/{id}\";q=60;w=60")
        #expect(verdict.stateField(route: "/api/sessions/{id}") == "\"/api/sessions/{id}\";r=7;t=12")
    }
}
