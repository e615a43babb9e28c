// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("RateLimiter", .timeLimit(.minutes(2)))
struct RateLimiterTests {
    private let start = ContinuousClock.now
    private let client = IPAddress(v4: 1)

    @Test("admits the limit, refuses the next, and tells when there is room again")
    func limit() {
        var limiter = RateLimiter(origin: start)
        for used in 1...60 {
            let verdict = limiter.admit(client: client, route: "/a", limit: 60, at: start + .milliseconds(100 * used))
            #expect(verdict.isAdmitted)
            #expect(verdict.remaining == 60 - used)
        }
        let refused = limiter.admit(client: client, route: "/a", limit: 60, at: start + .seconds(10))
        #expect(refused == .init(isAdmitted: false, limit: 60, remaining: 0, resetSeconds: 51))
        // What was refused does not count, so waiting as told is enough.
        let again = limiter.admit(client: client, route: "/a", limit: 60, at: start + .seconds(10 + 51))
        #expect(again.isAdmitted)
    }

    @Test("lets no more than the limit through in any 60 s, however the requests lie")
    func anyWindow() {
        var limiter = RateLimiter(origin: start)
        var admitted: [Int] = []
        // A quarter of a second apart, with pauses that walk across the window's borders.
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

    @Test("counts each address and each route by itself")
    func keys() {
        var limiter = RateLimiter(origin: start)
        #expect(limiter.admit(client: client, route: "/a", limit: 1, at: start).isAdmitted)
        #expect(!limiter.admit(client: client, route: "/a", limit: 1, at: start).isAdmitted)
        #expect(limiter.admit(client: client, route: "/b", limit: 1, at: start).isAdmitted)
        #expect(limiter.admit(client: IPAddress(v4: 2), route: "/a", limit: 1, at: start).isAdmitted)
    }

    @Test("keeps its memory bounded, and forgets nobody within the minute while there is room")
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

    @Test("follows a limit that a reload changes")
    func reload() {
        var limiter = RateLimiter(origin: start)
        for _ in 0..<5 { _ = limiter.admit(client: client, route: "/a", limit: 10, at: start) }
        #expect(!limiter.admit(client: client, route: "/a", limit: 3, at: start).isAdmitted)
        #expect(limiter.admit(client: client, route: "/a", limit: 6, at: start).isAdmitted)
    }

    @Test("writes the fields of the draft")
    func fields() {
        let verdict = RateLimiter.Verdict(isAdmitted: true, limit: 60, remaining: 7, resetSeconds: 12)
        #expect(verdict.policyField(route: "/api/sessions/{id}") == "\"/api/sessions/{id}\";q=60;w=60")
        #expect(verdict.stateField(route: "/api/sessions/{id}") == "\"/api/sessions/{id}\";r=7;t=12")
    }
}
