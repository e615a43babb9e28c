// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Logging
import TestSupport
import Testing

@testable import julesd

@Suite("Sessions in the service's log", .timeLimit(.minutes(2)))
struct SessionStoryTests {
    private let now = Timestamp(milliseconds: 1_795_200_000_000)

    /// The log entries that `steps` make, in order.
    private func story(at level: Logger.Level, _ steps: (SessionStore) async throws -> Void) async throws -> [JSON] {
        let folder = try TemporaryFolder()
        let descriptor = open(folder.path + "/log", O_RDWR | O_CREAT | O_APPEND, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let destination = LogDestination(
            identifier: "test", format: .json, level: level, fields: .julesd, descriptor: descriptor)
        let store = try await TestStore.open(now: now)
        store.follow { [logger = destination.logger("test")] in $0.log(to: logger) }
        try await steps(store)
        await store.close()
        destination.flush(atMost: 60)
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let text = String(decoding: bytes[..<pread(descriptor, &bytes, bytes.count, 0)], as: UTF8.self)
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    private func live(_ store: SessionStore) async throws {
        for (state, title) in [("QUEUED", "t"), ("IN_PROGRESS", "t"), ("IN_PROGRESS", "u"), ("COMPLETED", "u")] {
            _ = try await store.record([session("7", state: state, title: title)], as: .live, at: now)
        }
        try await store.recordDeletion(of: "7", at: now)
    }

    @Test("Each change of state is logged with the state before, and changes without one are not")
    func turns() async throws {
        let entries = try await story(at: .info, live)
        #expect(entries.map { $0["msg"]?.string } == Array(repeating: "session_changed", count: 4))
        #expect(entries.map { $0["change"]?.string } == ["created", "updated", "updated", "deleted"])
        #expect(entries.map { $0["state"]?.string } == ["QUEUED", "IN_PROGRESS", "COMPLETED", nil])
        #expect(entries.map { $0["previousState"]?.string } == [nil, "QUEUED", "IN_PROGRESS", "COMPLETED"])
        #expect(entries.allSatisfy { $0["sessionId"]?.string == "7" })
        let seqs = try entries.map { try #require($0["seq"]?.int) }
        #expect(seqs.map { $0 - seqs[0] } == [0, 1, 3, 4])
    }

    @Test("At level debug every change is logged")
    func everything() async throws {
        let entries = try await story(at: .debug, live)
        #expect(entries.count == 5)
        #expect(entries[2]["level"]?.int == 20)
        #expect(entries[2]["text"]?.string == "session 7: Changed.")
    }

    @Test("A need for a person is logged, also when a newer plan needs one again")
    func attention() async throws {
        let entries = try await story(at: .info) { store in
            let waiting = session(
                "7", state: "AWAITING_PLAN_APPROVAL", more: #","updateTime":"2026-11-20T09:14:12Z""#)
            _ = try await store.record([waiting], as: .live, at: now)
            let later = Int(now.nanoseconds / 1000 - waiting.createTime.nanoseconds / 1000)
            for (id, created) in [("a", later), ("b", later + 1)] {
                let plan = activity(id, created: created, member: #""planGenerated":{"plan":{"id":"p"}}"#)
                try await store.record([plan], of: "7", at: now)
            }
        }
        #expect(
            entries.map { $0["text"]?.string } == [
                "session 7: A plan waits for your approval.", "session 7: A plan waits for your approval.",
            ])
        #expect(entries.map { $0["attention"]?.string } == ["plan", "plan"])
    }
}
