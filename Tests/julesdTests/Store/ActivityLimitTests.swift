// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@testable import julesd

@Suite("Limit of activities in memory", .timeLimit(.minutes(1)))
struct ActivityLimitTests {
    private let now = Timestamp(milliseconds: 1_795_166_050_000)

    /// A store with a limit of 20 kB. All its sessions have ended except the last one.
    private func store(sessions: Int) async throws -> SessionStore {
        let store = try await SessionStore(at: .memory(.init(activityBytes: 20_000)), now: now)
        let all = (0..<sessions).map {
            session("\($0)", state: $0 == sessions - 1 ? "AWAITING_PLAN_APPROVAL" : "COMPLETED", created: $0)
        }
        _ = try await store.record(all, as: .baseline, at: now)
        return store
    }

    private func note(_ id: String, created: Int) -> Activity {
        activity(id, created: created, member: #""progressUpdated":{"title":"\#(String(repeating: "x", count: 900))"}"#)
    }

    private func count(_ store: SessionStore, _ session: String) async throws -> Int {
        try await store.read { connection in
            try connection.first("SELECT count(*) FROM activity WHERE session = ?", [.text(session)]) { Int($0.int(0)) }
                ?? 0
        }
    }

    @Test("Above the limit activities of the oldest sessions are removed, and how far they were read stays known")
    func oldestFirst() async throws {
        let store = try await store(sessions: 5)
        for number in 0..<4 {
            try await store.record(
                (0..<8).map { note("\(number)-\($0)", created: number * 100 + $0) }, of: "\(number)", at: now)
        }
        let bytes = try await store.read { connection in
            try connection.first("SELECT sum(length(body)) FROM activity") { $0.int(0) } ?? 0
        }
        #expect(bytes <= 20_000)
        #expect(try await count(store, "0") == 0)
        #expect(try await count(store, "3") == 8)
        let cursor = try await store.activityCursor(of: "0")
        #expect(cursor.newest == note("x", created: 7).createTime && cursor.pruned == cursor.newest)
        #expect(try await store.record([note("0-8", created: 8)], of: "0", at: now).count == 1)
    }

    @Test("The newest plan of a session that waits for a person is kept, however many activities follow")
    func openSession() async throws {
        let store = try await store(sessions: 2)
        let plan = activity("plan", created: 1, member: #""planGenerated":{"plan":{"id":"p","steps":[]}}"#)
        try await store.record([plan], of: "1", at: now)
        for number in 0..<40 { try await store.record([note("n\(number)", created: 10 + number)], of: "1", at: now) }
        let kinds = try await store.read { connection in
            try connection.query("SELECT kind FROM activity WHERE session = '1'", []) { $0.text(0) }
        }
        #expect(kinds.contains("planGenerated") && kinds.contains("progressUpdated"))
        #expect(kinds.count < 22)
    }

    @Test("A store in a file keeps all activities")
    func file() async throws {
        let folder = try TemporaryFolder()
        let store = try await SessionStore(at: .file(path: folder.path + "/sessions.sqlite"), now: now)
        _ = try await store.record([session("1")], as: .baseline, at: now)
        try await store.record((0..<50).map { note("\($0)", created: $0) }, of: "1", at: now)
        #expect(try await count(store, "1") == 50)
        await store.close()
    }
}
