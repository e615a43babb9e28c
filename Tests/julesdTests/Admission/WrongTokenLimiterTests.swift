// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Guessed tokens", .timeLimit(.minutes(2)))
struct WrongTokenLimiterTests {
    private let start = ContinuousClock.now

    @Test("lock a client after so many within a minute, and are reported once an hour")
    func locks() throws {
        var limiter = WrongTokenLimiter(origin: start)
        let client = IPAddress(v4: 1)
        var reports = 0
        for _ in 1...3 {
            #expect(limiter.lockedSeconds(client: client, limit: 3, at: start) == nil)
            if limiter.note(client: client, limit: 3, at: start) != nil { reports += 1 }
        }
        #expect(limiter.lockedSeconds(client: client, limit: 3, at: start) == 60)
        #expect(limiter.lockedSeconds(client: IPAddress(v4: 2), limit: 3, at: start) == nil)
        let later = start + .seconds(61)
        #expect(limiter.lockedSeconds(client: client, limit: 3, at: later) == nil)
        for _ in 1...3 where limiter.note(client: client, limit: 3, at: later) != nil { reports += 1 }
        #expect(reports == 1)
    }

    @Test("are reported long before a generous limit locks")
    func reported() {
        var limiter = WrongTokenLimiter(origin: start)
        let reports = (1...100).compactMap { _ in limiter.note(client: IPAddress(v4: 1), limit: .max, at: start) }
        #expect(reports == [20])
    }

    @Test("count for a whole /64 of IPv6 together")
    func network() throws {
        var limiter = WrongTokenLimiter(origin: start)
        let network: UInt128 = 0x2001_0DB8 << 96
        for host in 1...3 { _ = limiter.note(client: IPAddress(v6: network + UInt128(host)), limit: 3, at: start) }
        #expect(limiter.lockedSeconds(client: IPAddress(v6: network + 99), limit: 3, at: start) != nil)
        #expect(limiter.lockedSeconds(client: IPAddress(v6: network + 1 << 64), limit: 3, at: start) == nil)
    }

    @Test("of 100,000 clients fill no memory without end")
    func bounded() {
        var guesses = WrongTokenLimiter(origin: start)
        var requests = RateLimiter(origin: start)
        for number in 0..<100_000 as Range<UInt32> {
            _ = guesses.note(client: IPAddress(v4: number), limit: 1, at: start)
            _ = requests.admit(client: IPAddress(v4: number), route: "/api/sessions", limit: 60, at: start)
        }
        #expect(requests.count <= 2 * 8192)
        #expect(guesses.count <= 4 * 8192)
    }
}
