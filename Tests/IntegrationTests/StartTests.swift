// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

@Suite("Starting", .timeLimit(.minutes(5)))
struct StartTests {
    @Test("The daemon is ready after Jules has answered, and not before", arguments: [true, false])
    func ready(abstractSocket: Bool) async throws {
        let jules = try await FakeJules.start()
        jules.hold(.list)
        let notify = try NotifySocket(abstract: abstractSocket)
        try await withDaemon(Launch(jules, notify: notify)) { daemon in
            _ = try await jules.call(.list)
            // Everything sent so far was sent before Jules answered the first request.
            #expect(notify.takeAll().allSatisfy { $0["READY"] == nil })
            jules.release(.list)
            try await notify.message(with: ["READY": "1", "STATUS": nil])
        }
    }

    @Test("While Jules is down the manager gets the reason and a longer timeout, and the daemon already serves")
    func waiting() async throws {
        let jules = try await FakeJules.start { $0.outage = .unavailable }
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, notify: notify)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            let message = try await notify.message(with: ["EXTEND_TIMEOUT_USEC": nil, "STATUS": nil]) {
                $0["STATUS"]?.contains("503") ?? false
            }
            #expect(Int(message["EXTEND_TIMEOUT_USEC"] ?? "") ?? 0 > 10_000_000)
            #expect(try await http.get("/healthz").status == 200)
            #expect(try await http.get("/api/sessions").json["sessions"] == [])
            let readiness = try await http.get("/readyz")
            #expect(readiness.status == 503)
            #expect(try readiness.json["status"] == "degraded")
            #expect(notify.takeAll().allSatisfy { $0["READY"] == nil })
            jules.update { $0.outage = nil }
            try await notify.message(with: ["READY": "1"])
        }
    }

    @Test("All threads of the daemon share two malloc arenas")
    func arenas() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, notify: notify)) { daemon in
            try await notify.message(with: ["READY": "1"])
            // Each arena except the first reserves 64 MiB at a multiple of 64 MiB (HEAP_MAX_SIZE in glibc's arena.c).
            let maps = String(decoding: try FileContents.read("/proc/\(daemon.pid)/maps") ?? [], as: UTF8.self)
            let ranges = maps.split(separator: "\n").map { line in
                line.prefix { $0 != " " }.split(separator: "-").compactMap { Int($0, radix: 16) }
            }
            let heaps = zip(ranges, ranges.dropFirst()).filter { used, rest in
                used[0] % (64 << 20) == 0 && rest[0] == used[1] && rest[1] == used[0] + 64 << 20
            }
            #expect(heaps.count <= 1)
        }
    }

    @Test("With readiness by listening the daemon does not ask Jules first")
    func listening() async throws {
        let jules = try await FakeJules.start { $0.outage = .unauthenticated }
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, ["READINESS": "listening"], notify: notify)) { daemon in
            try await notify.message(with: ["READY": "1"])
            // A key that is refused later does not end the daemon.
            try await daemon.event("key_refused")
            let http = HTTPCaller(address: try await daemon.address())
            #expect(try await http.get("/healthz").status == 200)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
    }

    @Test("A key that Jules refuses at the start ends the daemon with status 77")
    func keyRefused() async throws {
        let jules = try await FakeJules.start()
        let end = try await run(Launch(jules, ["JULES_API_KEY": "another-key-0123456789"]))
        #expect(end.status == 77)
        #expect(end.output.contains("key_refused"))
        #expect(!end.output.contains("another-key-0123456789"))
    }

    @Test(
        "If Jules is down for longer than READY_TIMEOUT, the daemon ends with status 69",
        arguments: [FakeAnswer.unavailable, .throttled(seconds: 3600)])
    func startTimedOut(answer: FakeAnswer) async throws {
        let jules = try await FakeJules.start { $0.outage = answer }
        let end = try await run(Launch(jules, ["READY_TIMEOUT": "1500ms"]))
        #expect(end.status == 69)
        #expect(end.output.contains("start_timed_out"))
    }
}
