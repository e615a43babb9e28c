// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

/// Jules accepts requests and answers none, like a load balancer without working backends.
@Suite("While Jules hangs", .timeLimit(.minutes(5)))
struct HungUpstreamTests {
    /// Ten clients each ask for one session. The daemon waits ten minutes for each answer.
    private func withReaders(
        of operation: FakeCall.Operation, _ settings: [String: String] = [:],
        _ body: (DaemonProcess, HTTPCaller, FakeJules) async throws -> Void
    ) async throws {
        let jules = try await FakeJules.start()
        let launch = Launch(jules, ["UPSTREAM_TIMEOUT": "10min"].merging(settings) { $1 })
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("ready")
            try await awaitSession(jules.first.id, http)
            jules.hold(operation)
            var readers: [RawConnection] = []
            for _ in 1...10 {
                let reader = try await RawConnection(http.address)
                try await reader.send(
                    """
                    GET /api/sessions/\(jules.first.id)?refresh=1 HTTP/1.1\r\nHost: test\r\n\
                    Authorization: Bearer \(Launch.token)\r\n\r\n
                    """)
                readers.append(reader)
            }
            for _ in 1...4 { _ = try await jules.call(.get) }
            try await body(daemon, http, jules)
            for reader in readers { await reader.close() }
        }
    }

    @Test("Ten waiting readers do not block the poll")
    func readersLeaveAPlace() async throws {
        try await withReaders(of: .get) { _, _, jules in
            for _ in 1...5 { try await jules.next(.list) }
        }
    }

    @Test("/readyz answers, however many readers wait")
    func readiness() async throws {
        try await withReaders(of: .get) { _, http, jules in
            jules.hold(.list)
            let reply = try await http.get("/readyz")
            #expect([200, 503].contains(reply.status))
        }
    }

    @Test("A stop refuses new clients, informs followers at once, and ends before systemd would kill the daemon")
    func stop() async throws {
        try await withReaders(of: .get) { daemon, http, jules in
            let follower = try await FeedClient(http.address)
            _ = try await follower.next("hello")
            jules.hold(.list)
            try await jules.next(.list)
            let asked = ContinuousClock.now
            daemon.signal(SIGTERM)
            #expect(try await follower.closeCode() == 1012)
            // The readers still wait, and would do so for seconds. The stop did not wait for them first.
            #expect(ContinuousClock.now - asked < .seconds(4))
            #expect(try await daemon.exitStatus() == 0)
            // TimeoutStopSec= in julesd.service.
            #expect(ContinuousClock.now - asked < .seconds(30))
        }
    }
}
