// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@testable import julesd

@Suite("The inbox in the store", .timeLimit(.minutes(2)))
struct InboxTests {
    private let start = Timestamp(milliseconds: 1_795_200_000_000)

    private func minutes(_ minutes: Int) -> Timestamp { start.advanced(by: .seconds(60 * minutes)) }

    private func plan(_ id: String, _ seconds: Int) -> Activity {
        activity(
            id, created: seconds * 1_000_000,
            member: #"""
                "planGenerated":{"plan":{"id":"p\#(id)","steps":[{"title":"Second","index":1},{"title":"First"}]}}
                """#)
    }

    private func message(_ id: String, _ seconds: Int, by who: String = "agentMessaged") -> Activity {
        let name = who == "agentMessaged" ? "agentMessage" : "userMessage"
        return activity(id, created: seconds * 1_000_000, member: #""\#(who)":{"\#(name)":"Which \#(id)?"}"#)
    }

    private func waiting(_ id: String, _ state: String = "AWAITING_PLAN_APPROVAL", updated seconds: Int) -> Session {
        let time = Timestamp(nanoseconds: 1_795_166_042_000_000_000 + Int64(seconds) * 1_000_000_000)
        return session(id, state: state, more: #","updateTime":"\#(time.rfc3339Exact)""#)
    }

    private func reasons(_ store: SessionStore) async throws -> [String: AttentionReason] {
        let items = try await store.inbox().items
        return Dictionary(uniqueKeysWithValues: items.map { ($0.sessionID, $0.entry.reason) })
    }

    @Test("The first reading adds sessions that wait, but none that failed long ago")
    func baseline() async throws {
        let store = try await TestStore.open(now: start)
        let sessions = [
            waiting("1", updated: 10), waiting("2", "AWAITING_USER_FEEDBACK", updated: 5),
            session("3", state: "FAILED"), session("4", state: "COMPLETED"), session("5"),
            session("6", state: "AWAITING_PLAN_APPROVAL", more: #","archived":true"#),
        ]
        _ = try await store.record(sessions, as: .baseline, at: start)
        #expect(try await store.inbox().items.map(\.sessionID) == ["2", "1"], "the one that waits longest first")
        #expect(try await reasons(store) == ["1": .plan, "2": .question])
        #expect(try await store.inboxCounts() == [.plan: 1, .question: 1])
    }

    @Test("The age of the inbox is that of the oldest item")
    func age() async throws {
        let store = try await TestStore.open(now: start)
        #expect(try await store.inboxSummary().age(at: start) == .zero, "nothing waits")
        let sessions = [waiting("1", updated: 10), waiting("2", "AWAITING_USER_FEEDBACK", updated: 5)]
        _ = try await store.record(sessions, as: .baseline, at: start)
        let since = try #require(try await store.inbox().items.first?.entry.since)
        let summary = try await store.inboxSummary()
        #expect(summary.age(at: since.advanced(by: .seconds(90))) == .seconds(90))
        #expect(summary.age(at: since.advanced(by: .seconds(-9))) == .zero, "a clock that was set back")
    }

    @Test("An item shows the newest plan or question after it was read")
    func contents() async throws {
        let store = try await TestStore.open(now: start)
        _ = try await store.record(
            [waiting("1", updated: 10), waiting("2", "AWAITING_USER_FEEDBACK", updated: 20)], as: .live, at: start)
        try await store.record([plan("a", 9), message("m", 9)], of: "1", at: start)
        try await store.record([message("q", 19)], of: "2", at: start)
        var items = try await store.inbox().items
        #expect(items.map(\.plan) == [Plan(id: "pa", steps: ["First", "Second"]), nil])
        #expect(items.map(\.question) == [nil, "Which q?"])
        #expect(items.map(\.entry.since) == [plan("a", 9).createTime, message("q", 19).createTime])
        // The session waits again: the stored plan is not the one that waits.
        _ = try await store.record([waiting("1", "IN_PROGRESS", updated: 30)], as: .live, at: start)
        _ = try await store.record([waiting("1", updated: 40)], as: .live, at: start)
        items = try await store.inbox(InboxQuery(reason: .plan)).items
        #expect(items.map(\.plan) == [nil])
        let json = try JSON(parsing: try #require(items.first).json)
        #expect(json["planId"] == nil && json["planSteps"] == nil && json["question"] == nil)
        #expect(json["reason"] == "plan" && json["sessionId"] == "1" && json["session"]?["id"] == "1")
        try await store.record([plan("b", 40)], of: "1", at: start)
        let read = try JSON(parsing: try #require(try await store.inbox(InboxQuery(reason: .plan)).items.first).json)
        #expect(read["planId"] == "pb" && read["planSteps"] == ["First", "Second"])
        #expect(read["since"]?.string == plan("b", 40).createTime.rfc3339)
    }

    @Test("Plans and questions leave when they are answered, even before the state shows it")
    func answered() async throws {
        let store = try await TestStore.open(now: start)
        _ = try await store.record(
            [
                waiting("1", updated: 10), waiting("2", "AWAITING_USER_FEEDBACK", updated: 10),
                waiting("3", updated: 10),
            ],
            as: .live, at: start)
        for id in ["1", "3"] { try await store.record([plan("a", 9)], of: id, at: start) }
        try await store.record([message("q", 9)], of: "2", at: start)
        try await store.record([message("old", 5, by: "userMessaged")], of: "2", at: start)
        #expect(try await reasons(store) == ["1": .plan, "2": .question, "3": .plan])
        try await store.record([message("new", 12, by: "userMessaged")], of: "2", at: start)
        try await store.record([message("change", 12, by: "userMessaged")], of: "1", at: start)
        _ = try await store.record([waiting("3", "IN_PROGRESS", updated: 12)], as: .live, at: start)
        #expect(try await reasons(store) == [:])
        // The revised plan makes a delta and is in the inbox.
        let head = store.head.seq
        try await store.record([plan("b", 20)], of: "1", at: start)
        #expect(try await reasons(store) == ["1": .plan])
        #expect(try await store.changes(after: head).deltas.map(\.attention) == [.plan])
    }

    @Test("An end counts as unanswered only while no answer is known")
    func answeredElsewhere() async throws {
        let store = try await TestStore.open(now: start)
        let ids = ["1", "2"]
        _ = try await store.record(ids.map { waiting($0, "AWAITING_USER_FEEDBACK", updated: 10) }, as: .live, at: start)
        for id in ids { try await store.record([message("q", 9)], of: id, at: start) }
        try await store.record([message("a", 12, by: "userMessaged")], of: "1", at: start)
        _ = try await store.record(ids.map { waiting($0, "COMPLETED", updated: 20) }, as: .live, at: minutes(1))
        #expect(try await reasons(store) == ["2": .asked])
        #expect(try await store.inbox().items.map(\.question) == ["Which q?"])
        try await store.record([message("a", 12, by: "userMessaged")], of: "2", at: minutes(2))
        #expect(try await reasons(store) == [:])
    }

    @Test("A stall comes with its delta and leaves when the agent is active, other reasons when work goes on")
    func stalls() async throws {
        let clock = ManualClock(start)
        let store = try await TestStore.open(now: start, clocks: clock.read)
        _ = try await store.record([session("1"), session("2")], as: .live, at: start)
        clock.advance(by: .seconds(900))
        #expect(try await store.recordStall(of: "1", at: minutes(15)))
        _ = try await store.record([session("2", state: "FAILED")], as: .live, at: minutes(16))
        #expect(try await reasons(store) == ["1": .stalled, "2": .failed])
        #expect(try await store.inbox().items.map(\.entry.since) == [start, minutes(16)])
        try await store.record([activity("a", created: 0)], of: "1", at: minutes(17))
        _ = try await store.record([session("2")], as: .live, at: minutes(18))
        #expect(try await reasons(store) == [:])
    }

    @Test("Archiving and deleting remove the items", arguments: ["AWAITING_PLAN_APPROVAL", "FAILED", "COMPLETED"])
    func archived(state: String) async throws {
        let store = try await TestStore.open(now: start)
        let from = state == "COMPLETED" ? "AWAITING_USER_FEEDBACK" : "QUEUED"
        for id in ["1", "2"] {
            _ = try await store.record([session(id, state: from)], as: .live, at: start)
            _ = try await store.record([session(id, state: state)], as: .live, at: start)
        }
        #expect(try await reasons(store).count == 2)
        _ = try await store.record([session("1", state: state, more: #","archived":true"#)], as: .live, at: start)
        try await store.recordDeletion(of: "2", at: start)
        #expect(try await reasons(store) == [:])
    }

    @Test("An acknowledged session stays out until a newer reason, over restarts too")
    func acknowledged() async throws {
        let folder = try TemporaryFolder()
        let file = StoreLocation.file(path: folder.path + "/sessions.sqlite")
        var store = try await SessionStore(at: file, now: start)
        _ = try await store.record([waiting("1", updated: 10), waiting("2", updated: 10)], as: .live, at: start)
        try await store.record([plan("a", 9)], of: "1", at: start)
        #expect(try await store.acknowledge("1") == true)
        #expect(try await store.acknowledge("1") == false)
        #expect(try await store.acknowledge("9") == nil)
        await store.close()
        store = try await SessionStore(at: file, now: minutes(1))
        _ = try await store.record([waiting("1", updated: 11), waiting("2", updated: 10)], as: .live, at: minutes(1))
        try await store.record([plan("a", 9)], of: "1", at: minutes(1))
        #expect(try await reasons(store) == ["2": .plan])
        try await store.record([plan("b", 30)], of: "1", at: minutes(2))
        #expect(try await reasons(store) == ["1": .plan, "2": .plan])
        await store.close()
    }

    @Test(
        "The end of a session that nobody saw waiting is reported once, after its activities were read",
        arguments: [
            (["plan"], "", .expired), (["plan", "done"], "", .expired), (["plan", "note"], "", .expired),
            (["plan", "user"], "", .expired), (["plan"], #","outputs":[{"changeSet":{}}]"#, nil),
            (["plan", "approved"], "", nil), (["plan", "progress"], "", nil), ([], "", nil), (["done"], "", nil),
            (["progress", "question"], "", .asked), (["plan", "question", "done"], "", .asked),
            (["question", "user"], "", nil), (["question", "progress"], "", nil), (["statement"], "", nil),
            (["question"], #","outputs":[{"changeSet":{}}]"#, nil),
        ] as [([String], String, AttentionReason?)])
    func unseen(history: [String], outputs: String, reason: AttentionReason?) async throws {
        let members = [
            "plan": #""planGenerated":{"plan":{"id":"p"}}"#, "done": #""sessionCompleted":{}"#,
            "note": #""originator":"system","description":"Session started""#, "user": #""userMessaged":{}"#,
            "approved": #""planApproved":{}"#, "progress": #""progressUpdated":{}"#,
            "question": #""agentMessaged":{"agentMessage":"Shall I go on? \n"}"#,
            "statement": #""agentMessaged":{"agentMessage":"Which? I decided myself."}"#,
        ]
        let store = try await TestStore.open(now: start)
        let done = session("1", state: "COMPLETED", more: outputs)
        _ = try await store.record([session("1", state: "QUEUED")], as: .live, at: start)
        // A session that was read directly may be known before the first reading reaches it.
        _ = try await store.record([done], as: .baseline, at: minutes(1))
        #expect(try await reasons(store) == [:])
        let head = store.head.seq
        let activities = history.enumerated().map { index, name in
            activity("\(index)", created: index * 1_000_000, member: members[name] ?? "")
        }
        try await store.record(activities, of: "1", at: minutes(2))
        try await store.recordEnd(of: "1", at: minutes(2))
        #expect(try await store.changes(after: head).deltas.map(\.attention) == (reason.map { [$0] } ?? []))
        #expect(try await reasons(store) == (reason.map { ["1": $0] } ?? [:]))
        _ = try await store.acknowledge("1")
        _ = try await store.record(
            [session("1", state: "COMPLETED", title: "Renamed", more: outputs)], as: .live, at: minutes(3))
        try await store.recordEnd(of: "1", at: minutes(4))
        #expect(try await reasons(store) == [:])
    }

    @Test(
        "No reason is derived for sessions that ended before the first reading, or that were seen waiting")
    func seen() async throws {
        let store = try await TestStore.open(now: start)
        _ = try await store.record([session("1", state: "COMPLETED")], as: .baseline, at: start)
        _ = try await store.record([waiting("2", updated: 10)], as: .live, at: start)
        _ = try await store.record([waiting("2", "COMPLETED", updated: 20)], as: .live, at: minutes(1))
        for id in ["1", "2"] {
            try await store.record([plan("a", 9)], of: id, at: minutes(2))
            try await store.recordEnd(of: id, at: minutes(2))
        }
        #expect(try await reasons(store) == ["2": .expired])
        #expect(try await store.changes(after: store.origin).deltas.compactMap(\.attention) == [.plan, .expired])
    }

    @Test("Inbox and feed agree: exactly the deltas with a reason add their session for that reason")
    func agreement() async throws {
        let store = try await TestStore.open(now: start)
        var random = SplitMix(seed: 7)
        let states = [
            "QUEUED", "IN_PROGRESS", "AWAITING_PLAN_APPROVAL", "AWAITING_USER_FEEDBACK", "COMPLETED", "FAILED",
            "PAUSED",
        ]
        var seq = store.head.seq
        var told: AttentionReason?
        for step in 0..<400 {
            let before = try await reasons(store)["1"]
            if random.next() % 3 > 0 {
                let state = states[Int(random.next() % UInt64(states.count))]
                let archived = random.next() % 5 == 0 ? #","archived":true"# : ""
                _ = try await store.record(
                    [session("1", state: state, more: archived + #","n":\#(step)"#)], as: .live, at: minutes(step))
            } else {
                let kinds = ["planGenerated", "agentMessaged", "userMessaged", "planApproved", "progressUpdated"]
                let kind = kinds[Int(random.next() % UInt64(kinds.count))]
                let new = activity("a\(step)", created: 40_000_000_000 + step * 60_000_000, member: #""\#(kind)":{}"#)
                try await store.record([new], of: "1", at: minutes(step))
            }
            let deltas = try await store.changes(after: seq).deltas
            seq = store.head.seq
            let after = try await reasons(store)["1"]
            if let called = deltas.last?.attention {
                #expect(after == called, "step \(step)")
                told = called
            } else {
                #expect(after == nil || after == before && after == told, "step \(step)")
            }
        }
        #expect(told != nil)
    }

    @Test("Pages follow each other without a gap or a repetition, and a reason selects a part of the whole")
    func pages() async throws {
        let store = try await TestStore.open(now: start)
        let sessions = (0..<25).map { number in
            waiting(
                String(100 + number), number % 2 == 0 ? "AWAITING_PLAN_APPROVAL" : "AWAITING_USER_FEEDBACK",
                updated: number / 3)
        }
        _ = try await store.record(sessions.shuffled(), as: .live, at: start)
        for reason in [nil, AttentionReason.plan] {
            var query = InboxQuery(reason: reason, limit: 4)
            var seen: [String] = []
            repeat {
                let page = try await store.inbox(query)
                seen += page.items.map(\.sessionID)
                query.after = page.next
            } while query.after != nil
            let expected = sessions.filter { reason == nil || $0.state == .awaitingPlanApproval }.map(\.id)
            #expect(seen == expected)
        }
    }

    @Test(
        "The inbox is read from its index, however many sessions there are", .ofSQLite,
        arguments: [nil, AttentionReason.plan],
        [nil, ListPlace(time: 1, id: "1")])
    func byIndex(reason: AttentionReason?, after: ListPlace?) async throws {
        let store = try await TestStore.open(now: .now)
        let (sql, values) = InboxQuery(reason: reason, after: after).statement
        let plan = try await store.reader.with { try $0.query("EXPLAIN QUERY PLAN " + sql, values) { $0.text(3) } }
        #expect(plan.count == 1)
        #expect(plan.first?.contains("USING INDEX session_inbox") ?? false)
        let counts = try await store.reader.with {
            try $0.query("EXPLAIN QUERY PLAN " + InboxQuery.counts) { $0.text(3) }
        }
        #expect(counts.first?.contains("USING COVERING INDEX session_inbox") ?? false)
    }

    @Test("After the migration waiting sessions are in the inbox, and deltas have their reasons")
    func migration() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sessions.sqlite"
        let old = Migrator(applicationID: Schema.applicationID, migrations: Array(Schema.migrations.prefix(1)))
        let database = try await SQLiteDatabase(path: path, mode: .readWriteCreate) { connection in
            try old.migrate(connection)
            try connection.execute(
                """
                INSERT INTO log (one, epoch, origin, head) VALUES (1, 'e', 10, 12);
                INSERT INTO session (id, created, state, repository, archived, waiting, silent, search, body) VALUES
                    ('1', 1, 'AWAITING_PLAN_APPROVAL', '', 0, 700, NULL, '', CAST('{"id":"1"}' AS BLOB)),
                    ('2', 2, 'AWAITING_USER_FEEDBACK', '', 1, 600, NULL, '', CAST('{"id":"2"}' AS BLOB)),
                    ('3', 3, 'IN_PROGRESS', '', 0, NULL, NULL, '', CAST('{"id":"3"}' AS BLOB)),
                    ('4', 4, 'IN_PROGRESS', '', 0, NULL, 800, '', CAST('{"id":"4"}' AS BLOB)),
                    ('5', 5, 'COMPLETED', '', 0, NULL, NULL, '', CAST('{"id":"5"}' AS BLOB));
                INSERT INTO activity (session, id, created, kind, body) VALUES ('3', 'a', 500, 'other', x'');
                INSERT INTO delta (seq, session, change, attention, finished, at, ends, body) VALUES
                    (11, '3', 'updated', 1, 0, 1, 30, CAST('{"after":{"state":"IN_PROGRESS"}}' AS BLOB)),
                    (12, '5', 'updated', 0, 1, 1, 60, CAST('{"after":{"state":"COMPLETED"}}' AS BLOB));
                """)
        }
        try await database.close()
        let store = try await SessionStore(at: .file(path: path), now: start)
        let items = try await store.inbox().items
        #expect(items.map(\.sessionID) == ["3", "1"])
        #expect(items.map(\.entry.reason) == [.stalled, .plan])
        #expect(items.map(\.entry.since.nanoseconds) == [500, 700])
        #expect(try await store.changes(after: 10).deltas.map(\.attention) == [.stalled, nil])
        await store.close()
    }
}

/// A random generator with the same numbers in every run (Steele, Lea and Flood, 2014).
private struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
