// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

@Suite("Stopping", .timeLimit(.minutes(5)))
struct StopTests {
    @Test(
        "A stop lets running requests finish, tells followers to reconnect, and ends with status 0",
        arguments: [SIGTERM, SIGINT])
    func drain(signal: Int32) async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, notify: notify)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await notify.message(with: ["READY": "1"])
            let follower = try await FeedClient(http.address)
            _ = try await follower.next("hello")
            try await awaitSession(jules.first.id, http)
            jules.hold(.get)
            async let slow = http.get("/api/sessions/\(jules.first.id)?refresh=1")
            _ = try await jules.call(.get)
            daemon.signal(signal)
            try await notify.message(with: ["STOPPING": "1"])
            #expect(try await follower.closeCode() == 1012)
            jules.release(.get)
            let reply = try await slow
            #expect(reply.status == 200)
            #expect(reply.text == jules.first.json)
            #expect(try await daemon.exitStatus() == 0)
        }
    }

    @Test("A stop answers clients that have just connected, and does not wait for silent ones")
    func newcomers() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, notify: notify)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await notify.message(with: ["READY": "1"])
            let newcomer = try await RawConnection(http.address)
            let silent = try await RawConnection(http.address)
            // Connections are accepted in order, so both are accepted when the next one is answered.
            #expect(try await http.get("/healthz").status == 200)
            daemon.signal(SIGTERM)
            try await notify.message(with: ["STOPPING": "1"])
            // The drain has begun when no new connection is accepted.
            while let late = try? await RawConnection(http.address) { await late.close() }
            try await newcomer.send("GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try await newcomer.rest().hasPrefix("HTTP/1.1 200 "))
            #expect(try await silent.rest().isEmpty)
            #expect(try await daemon.exitStatus() == 0)
        }
    }

    @Test("A second signal shortens the drain")
    func secondSignal() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, ["UPSTREAM_TIMEOUT": "10min"], notify: notify)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await notify.message(with: ["READY": "1"])
            try await awaitSession(jules.first.id, http)
            jules.hold(.get)
            let connection = try await RawConnection(http.address)
            try await connection.send(
                """
                GET /api/sessions/\(jules.first.id)?refresh=1 HTTP/1.1\r\nHost: test\r\n\
                Authorization: Bearer \(Launch.token)\r\n\r\n
                """)
            _ = try await jules.call(.get)
            let asked = ContinuousClock.now
            daemon.signal(SIGTERM)
            try await notify.message(with: ["STOPPING": "1"])
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            // A whole drain would wait five seconds for an answer that never comes.
            #expect(ContinuousClock.now - asked < .seconds(5))
        }
    }

    @Test("A daemon that still waits for Jules stops at once")
    func whileStarting() async throws {
        let jules = try await FakeJules.start { $0.outage = .unavailable }
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, notify: notify)) { daemon in
            try await daemon.event("waiting_for_upstream")
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            let told = notify.takeAll()
            #expect(told.contains { $0["STOPPING"] == "1" })
            #expect(told.allSatisfy { $0["READY"] == nil })
        }
    }

    @Test("After an orderly stop the store is a single file")
    func storeStandsAlone() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        try await withDaemon(Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await awaitSession(jules.first.id, http)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
        #expect(folder.exists("sessions.sqlite"))
        #expect(!folder.exists("sessions.sqlite-wal"))
    }
}
