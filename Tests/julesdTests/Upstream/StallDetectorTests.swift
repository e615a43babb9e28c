// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@testable import julesd

@Suite("Stall detector", .timeLimit(.minutes(2)))
struct StallDetectorTests {
    private let clock = ManualClock(.now)

    private func bench(
        _ activities: ScriptedServer.Answer, state: String = "IN_PROGRESS"
    ) async throws -> (DaemonFixture, ScriptedServer) {
        let present = String(decoding: session("1", state: state).body, as: UTF8.self)
        let server = try await ScriptedServer { $0.line.hasSuffix("/activities") ? activities : .json(present) }
        let bench = try await DaemonFixture(server.url, clocks: clock.read)
        _ = try await bench.store.record([session("1")], as: .baseline, at: .now)
        // Long enough for a silence to be reported.
        clock.advance(by: .seconds(1000))
        return (bench, server)
    }

    @Test("The agent's activities are read before a silence is reported")
    func heard() async throws {
        let (bench, server) = try await bench(
            .json(#"{"activities":[{"id":"a","createTime":"2026-11-20T09:15:40Z","progressUpdated":{}}]}"#))
        try await bench.upstream.stalls.check()
        #expect(bench.store.head.seq == bench.store.origin)
        #expect(server.requests.map(\.line) == ["GET /sessions/1", "GET /sessions/1/activities"])
        try await bench.upstream.stalls.check()
        #expect(server.requests.count == 2)
    }

    @Test("A silence is reported once")
    func silent() async throws {
        let (bench, server) = try await bench(.json("{}"))
        try await bench.upstream.stalls.check()
        try await bench.upstream.stalls.check()
        let deltas = try await bench.store.changes(after: bench.store.origin).deltas
        #expect(deltas.map(\.attention) == [.stalled])
        #expect(server.requests.count == 2)
    }

    @Test("The state of the session is checked first")
    func ended() async throws {
        let (bench, server) = try await bench(.json("{}"), state: "PAUSED")
        try await bench.upstream.stalls.check()
        let deltas = try await bench.store.changes(after: bench.store.origin).deltas
        #expect(deltas.map(\.attention) == [nil])
        #expect(server.requests.map(\.line) == ["GET /sessions/1"])
    }

    @Test("Nothing is reported while the activities cannot be read")
    func unread() async throws {
        let (bench, _) = try await bench(.error(404, "NOT_FOUND"))
        try await bench.upstream.stalls.check()
        #expect(bench.store.head.seq == bench.store.origin)
        #expect(try await bench.store.silentSessions() == ["1"])
    }
}
