// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("A page of the list in the store", .timeLimit(.minutes(2)))
struct ListedSessionTests {
    @Test("A page without news writes nothing, and all its sessions count as shown")
    func unchanged() async throws {
        let log = try await TestStore.open(now: .now)
        let page = [wire("2", "IN_PROGRESS"), wire("1", "COMPLETED")]
        #expect(try await log.record(page: page).changed == ["1", "2"])
        let writes = log.writes
        let asked = Mutex<[String]>([])
        let again = try await log.record(page: page) { id in
            asked.withLock { $0.append(id) }
            return true
        }
        #expect(again.ids == ["2", "1"])
        #expect(again.changed.isEmpty)
        #expect(asked.withLock(\.self) == ["2", "1"])
        #expect(log.writes == writes)
    }

    @Test("One changed session makes one delta")
    func oneChanged() async throws {
        let log = try await TestStore.open(now: .now)
        var page = (1...100).map { wire("\($0)", "IN_PROGRESS") }
        try await log.record(page: page)
        let head = log.head.seq
        page[41] = wire("42", "FAILED")
        #expect(try await log.record(page: page).changed == ["42"])
        #expect(try await log.changes(after: head).deltas.map(\.sessionID) == ["42"])
        #expect(try await log.record(page: page).changed.isEmpty)
    }

    @Test("A session that was changed or deleted in between is recorded as the list shows it")
    func changedElsewhere() async throws {
        let log = try await TestStore.open(now: .now)
        let page = [wire("1", "IN_PROGRESS"), wire("2", "IN_PROGRESS")]
        try await log.record(page: page)
        try await log.record([try #require(Session(wire: Array(wire("1", "PAUSED").utf8)))], as: .live, at: .now)
        try await log.recordDeletion(of: "2", at: .now)
        #expect(try await log.record(page: page).changed == ["1", "2"])
        #expect(try await log.session("1")?.state == .inProgress)
        #expect(try await log.session("2")?.state == .inProgress)
    }

    @Test("If a page shows a session twice, the last text counts at each poll")
    func twice() async throws {
        let log = try await TestStore.open(now: .now)
        let page = [wire("1", "IN_PROGRESS"), wire("1", "FAILED")]
        for _ in 0..<3 {
            try await log.record(page: page)
            #expect(try await log.session("1")?.state == .failed)
        }
    }

    @Test("A text in an outdated answer is not taken for the stored one")
    func overtaken() async throws {
        let log = try await TestStore.open(now: .now)
        try await log.record(page: [wire("1", "FAILED")])
        let stale = try await log.record(page: [wire("1", "IN_PROGRESS")]) { _ in false }
        #expect(stale.changed.isEmpty && stale.ids == ["1"] && stale.overtaken == 1)
        #expect(try await log.record(page: [wire("1", "IN_PROGRESS")]).changed == ["1"])
    }

    @Test("A page that an earlier run has stored is known in each form of its ids, and one changed session is found")
    func earlierRun() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sessions.sqlite"
        var page = [wire("1", "IN_PROGRESS"), #"{"name":"sessions/2"}"#, #"{"\u0069d":"3"}"#, #"{"id":"8","id":"4"}"#]
        let earlier = try await SessionStore(at: .file(path: path), now: .now)
        try await earlier.record(page: page)
        await earlier.close()
        let log = try await SessionStore(at: .file(path: path), now: .now)
        let writes = log.writes
        let asked = Mutex<[String]>([])
        let listed = try await log.record(page: page) { id in
            asked.withLock { $0.append(id) }
            return true
        }
        #expect(listed.ids == ["1", "2", "3", "4"] && listed.changed.isEmpty && log.writes == writes)
        #expect(asked.withLock(\.self) == listed.ids)
        page[0] = wire("1", "FAILED")
        #expect(try await log.record(page: page).changed == ["1"])
        await log.close()
    }

    @Test("A page whose commit failed is compared again", .ofSQLite)
    func failedCommit() async throws {
        let log = try await TestStore.open(now: .now)
        try await log.record(page: [wire("1", "IN_PROGRESS")])
        try await log.write {
            try $0.execute("CREATE TRIGGER full BEFORE INSERT ON delta BEGIN SELECT RAISE(FAIL, 'no room'); END")
        }
        await #expect(throws: SQLiteError.self) { try await log.record(page: [wire("1", "FAILED")]) }
        try await log.write { try $0.execute("DROP TRIGGER full") }
        #expect(try await log.record(page: [wire("1", "FAILED")]).changed == ["1"])
        #expect(try await log.session("1")?.state == .failed)
    }

    @Test(
        "An id is found in each form, and items without an id are counted",
        arguments: [
            #"{"id":"7"}"#, #"{"id":"8","id":"7"}"#, #"{"\u0069d":"7"}"#, #"{"id":"8","\u0069d":"7"}"#,
            #"{"id":"\u0037"}"#, #"{"name":"sessions/7"}"#, #"{"id":"","name":"sessions/7"}"#, #"{"id":7}"#,
        ])
    func spelling(of item: String) async throws {
        let log = try await TestStore.open(now: .now)
        let page = [item, "{}", #"{"id":"no id"}"#]
        for _ in 0..<2 {
            let listed = try await log.record(page: page)
            #expect(listed.ids == ["7"])
            #expect(listed.unreadable == 2)
        }
    }

    @Test("Active sessions are read from the index without the inactive ones", .ofSQLite)
    func active() async throws {
        let log = try await TestStore.open(now: .now)
        let states = ["A_NEW_STATE", "COMPLETED", "FAILED", "GONE_FISHING", "IN_PROGRESS", "PAUSED", "QUEUED", "ZZZ"]
        try await log.record(page: states.enumerated().map { wire("\($0 + 1)", $1) })
        try await log.record(page: [#"{"id":"9"}"#, #"{"id":"10","state":"IN_PROGRESS","archived":true}"#])
        #expect(try await log.activeSessionIDs() == ["1", "4", "5", "7", "8"])
        let plan = try await log.read { connection in
            try connection.query("EXPLAIN QUERY PLAN \(SessionStore.activeSessions)") { $0.text(3) }
        }
        for step in plan where step.contains("session") { #expect(step.contains("(archived=? AND state")) }
    }

    private func wire(_ id: String, _ state: String) -> String {
        #"{ "id" : "\#(id)", "state" : "\#(state)", "createTime" : "2026-11-20T09:14:02.417853Z" }"#
    }
}

extension SessionStore {
    @discardableResult
    fileprivate func record(
        page: [String], where isCurrent: @escaping @Sendable (String) -> Bool = { _ in true }
    ) async throws -> ListedSessions {
        let text = #"{"sessions": [\#(page.joined(separator: ", "))]}"#
        return try await record(
            JSONList(Array(text.utf8), items: "sessions"), as: .live, at: .now, answered: .monotonic, where: isCurrent)
    }
}
