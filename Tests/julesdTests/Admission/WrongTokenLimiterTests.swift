// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Wrong tokens", .timeLimit(.minutes(2)))
struct WrongTokenLimiterTests {
    private let start = ContinuousClock.now

    @Test("A number of wrong tokens within a minute locks a client, with one report per hour")
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

    @Test("A report comes long before a high limit locks")
    func reported() {
        var limiter = WrongTokenLimiter(origin: start)
        let reports = (1...100).compactMap { _ in limiter.note(client: IPAddress(v4: 1), limit: .max, at: start) }
        #expect(reports == [20])
    }

    @Test("A whole /64 of IPv6 is counted together")
    func network() throws {
        var limiter = WrongTokenLimiter(origin: start)
        let network: UInt128 = 0x2001_0DB8 << 96
        for host in 1...3 { _ = limiter.note(client: IPAddress(v6: network + UInt128(host)), limit: 3, at: start) }
        #expect(limiter.lockedSeconds(client: IPAddress(v6: network + 99), limit: 3, at: start) != nil)
        #expect(limiter.lockedSeconds(client: IPAddress(v6: network + 1 << 64), limit: 3, at: start) == nil)
    }

    @Test("Wrong tokens of 100,000 clients use limited memory")
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
