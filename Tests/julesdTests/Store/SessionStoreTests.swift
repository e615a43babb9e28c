// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("SessionStore", .timeLimit(.minutes(2)))
struct SessionStoreTests {
    let folder: TemporaryFolder
    let now = Timestamp(milliseconds: 1_795_200_000_000)

    init() throws { folder = try TemporaryFolder() }

    private var file: StoreLocation { .file(path: folder.path + "/sessions.sqlite") }

    @Test("States that are equal in Unicode are counted together")
    func equivalentStates() async throws {
        let store = try await TestStore.open(now: now)
        let sessions = [session("1", state: "CAF\u{C9}"), session("2", state: "CAFE\u{301}")]
        _ = try await store.record(sessions, as: .live, at: now)
        #expect(try await store.countsByState() == [.unrecognized("CAF\u{C9}"): 2])
        await store.close()
    }

    @Test("New and changed sessions are logged in order, and each commit is announced once", arguments: [true, false])
    func records(persistent: Bool) async throws {
        let store = try await SessionStore(at: persistent ? file : .memory(), now: now)
        let told = Mutex<[ClosedRange<Int64>]>([])
        store.follow { set in told.withLock { $0.append(set.first...set.last) } }
        #expect(store.head.seq == now.milliseconds)

        #expect(try await store.record([session("1"), session("2")], as: .live, at: now) == ["1", "2"])
        #expect(try await store.record([session("1"), session("2")], as: .live, at: now).isEmpty)
        #expect(try await store.record([session("2", state: "COMPLETED")], as: .live, at: now) == ["2"])
        try await store.recordDeletion(of: "1", at: now)
        try await store.recordDeletion(of: "1", at: now)

        let start = now.milliseconds
        #expect(told.withLock { $0 } == [start + 1...start + 2, start + 3...start + 3, start + 4...start + 4])
        let page = try await store.changes(after: start)
        #expect(page.deltas.map(\.change) == [.created, .created, .updated, .deleted])
        #expect(page.deltas.map(\.finished) == [false, false, true, false])
        #expect(page.gap == nil && page.next == start + 4 && page.head == store.head)
        #expect(try await store.session("1") == nil)
        await store.close()
    }

    @Test("A delta is written as in the contract")
    func deltaText() async throws {
        let store = try await TestStore.open(now: now)
        let before = session("18446744073709551617", state: "QUEUED")
        let after = session("18446744073709551617", state: "AWAITING_PLAN_APPROVAL", more: #","new":{"field":[1.0]}"#)
        _ = try await store.record([before], as: .baseline, at: now)
        _ = try await store.record([after], as: .live, at: now)
        let delta = try #require(try await store.changes(after: store.origin).deltas.first)
        #expect(delta.attention == .plan)
        let text = String(decoding: delta.json, as: UTF8.self)
        #expect(
            text == """
                {"seq":1795200000001,"id":"18446744073709551617","changeType":"updated",\
                "before":\(String(decoding: before.body, as: UTF8.self)),\
                "after":\(String(decoding: after.body, as: UTF8.self)),"timestamp":"2026-11-20T18:40:00.000Z",\
                "attention":"plan"}
                """)
    }

    @Test("A change of updateTime or of the order of members is stored without a delta")
    func updateTime() async throws {
        let store = try await TestStore.open(now: now)
        let first = session("1", more: #","updateTime":"2026-11-20T09:14:02Z","a":1,"b":2"#)
        let second = session("1", more: #","updateTime":"2026-11-20T10:00:00Z","b":2,"a":1"#)
        _ = try await store.record([first], as: .live, at: now)
        #expect(try await store.record([second], as: .live, at: now) == ["1"])
        #expect(store.head.seq == now.milliseconds + 1)
        #expect(try await store.session("1")?.body == second.body)
    }

    @Test("The baseline makes no deltas, except for changes to sessions known already")
    func baseline() async throws {
        let store = try await SessionStore(at: file, now: now)
        #expect(try await store.hasBaseline() == false)
        _ = try await store.record([session("1"), session("2")], as: .baseline, at: now)
        #expect(store.head.seq == now.milliseconds)
        _ = try await store.record([session("1", state: "FAILED")], as: .baseline, at: now)
        #expect(store.head.seq == now.milliseconds + 1)
        try await store.markBaseline()
        #expect(try await store.hasBaseline())
        await store.close()
    }

    @Test("Epoch, head and deltas survive a restart, and after an orderly stop the store is one file")
    func restart() async throws {
        let store = try await SessionStore(at: file, now: now)
        _ = try await store.record([session("1")], as: .live, at: now)
        let head = store.head
        await store.close()
        #expect(access(folder.path + "/sessions.sqlite-wal", F_OK) != 0)

        let again = try await SessionStore(at: file, now: Timestamp(milliseconds: now.milliseconds + 1000))
        #expect(again.head == head)
        _ = try await again.record([session("2")], as: .live, at: now)
        #expect(try await again.changes(after: head.seq - 1).deltas.map(\.seq) == [head.seq, head.seq + 1])
        await again.close()
    }

    @Test("Without a file each start has a new epoch, above every earlier number")
    func newEpoch() async throws {
        let first = try await TestStore.open(now: now)
        _ = try await first.record([session("1"), session("2")], as: .live, at: now)
        let second = try await TestStore.open(now: Timestamp(milliseconds: now.milliseconds + 3))
        #expect(second.head.epoch != first.head.epoch)
        #expect(second.head.seq > first.head.seq)
    }

    @Test("A gap is reported for another epoch, a number beyond the head or before the first one, and pruned numbers")
    func gaps() async throws {
        let store = try await SessionStore(at: file, now: now)
        let start = now.milliseconds
        _ = try await store.record((1...6).map { session("\($0)") }, as: .live, at: now)
        let head = start + 6

        #expect(try await store.changes(after: start, epoch: "other").gap == start + 1...head)
        #expect(try await store.changes(after: head, epoch: "other").gap == head...head)
        #expect(try await store.changes(after: head + 1).gap == head...head)
        #expect(try await store.changes(after: .max).next == head)
        #expect(try await store.changes(after: start, epoch: store.head.epoch).gap == nil)
        #expect(try await store.changes(after: head).deltas.isEmpty)
        let early = try await store.changes(after: 5)
        #expect(early.gap == 6...start && early.deltas.count == 6)
        #expect(try await store.changes(after: store.origin).gap == nil)

        #expect(try await store.pruneStep(before: Timestamp(milliseconds: start + 1)))
        #expect(try await store.pruneStep(before: Timestamp(milliseconds: start + 1)) == false)
        let pruned = try await store.changes(after: start + 2)
        #expect(pruned.gap == start + 3...head && pruned.deltas.isEmpty && pruned.next == head)
        #expect(try await store.changes(after: store.origin).gap == start + 1...head)
        #expect(try await store.session("1") != nil)
        await store.close()
    }

    @Test("Runs of the log end at the same places for every client and contain at least one delta")
    func runs() async throws {
        let store = try await TestStore.open(now: now)
        _ = try await store.record((0..<150).map { session("\($0)") }, as: .live, at: now)
        let all = try await store.changes(after: store.origin).deltas
        let ends = { @Sendable (bytes: Int64, first: Int64) in
            try await store.readAtOnce { connection in
                var ends: [Int64] = []
                var json: [UInt8] = []
                while let run = try connection.deltaRun(after: ends.last ?? first, bytes: bytes) {
                    if !json.isEmpty { json.append(UInt8(ascii: ",")) }
                    json += run.json
                    ends.append(run.positions.upperBound)
                }
                return (ends, json)
            }
        }
        let (whole, json) = try await ends(2000, store.origin)
        #expect(json == Array(all.map(\.json).joined(separator: [UInt8(ascii: ",")])))
        #expect(whole.last == store.head.seq && whole.count > 5 && whole.count < 150)
        for skipped in 1..<Int64(150) {
            let (later, _) = try await ends(2000, store.origin + skipped)
            #expect(later == whole.filter { $0 > store.origin + skipped })
        }
        #expect(try await ends(1, store.origin).0.count == 150)
        let (one, same) = try await ends(1_000_000, store.origin)
        #expect(one == [store.head.seq] && same == json)
        await store.close()
    }

    @Test("A run of a long log is read without the rest of the log")
    func runIsReadAlone() async throws {
        let store = try await TestStore.open(now: now)
        _ = try await store.record((0..<500).map { session("\($0)") }, as: .live, at: now)
        let since = store.origin
        let rows = try await store.readAtOnce { connection in
            let server = WholeAnswers(connection)
            _ = try server.deltaRun(after: since, bytes: 2000)
            return server.rows
        }
        #expect((2..<100).contains(rows))
        await store.close()
    }

    @Test("In memory only the newest 10,000 deltas are kept", .ofSQLite)
    func memoryLimit() async throws {
        let store = try await TestStore.open(now: now)
        for batch in 0..<11 {
            let sessions = (0..<1000).map { session("\(batch)-\($0)") }
            _ = try await store.record(sessions, as: .live, at: now)
        }
        let page = try await store.changes(after: now.milliseconds)
        #expect(page.gap == now.milliseconds + 1...now.milliseconds + 1000)
        #expect(page.deltas.first?.seq == now.milliseconds + 1001)
    }

    @Test("In memory the deltas have a limit in bytes, but the newest one is always kept")
    func memoryBytes() async throws {
        let store = try await SessionStore(at: .memory(.init(bytes: 64_000)), now: now)
        let patch = String(repeating: "x", count: 20_000)
        for index in 1...4 {
            _ = try await store.record([session("\(index)", more: #","patch":"\#(patch)""#)], as: .live, at: now)
        }
        let page = try await store.changes(after: now.milliseconds)
        #expect(page.gap == now.milliseconds + 1...now.milliseconds + 1)
        #expect(page.deltas.count == 3)
        _ = try await store.record(
            [session("5", more: #","patch":"\#(patch + patch + patch + patch)""#)], as: .live, at: now)
        #expect(try await store.changes(after: now.milliseconds).deltas.map(\.seq) == [store.head.seq])
    }

    @Test("Sessions are found by each filter, and paging returns each one once")
    func queries() async throws {
        let store = try await SessionStore(at: file, now: now)
        let sessions = (0..<25).map { index in
            session(
                "\(index)", state: index % 5 == 0 ? "AWAITING_USER_FEEDBACK" : "COMPLETED", created: index / 2,
                title: "Tïtle \(index)", more: index % 7 == 0 ? #","archived":true"# : "")
        }
        _ = try await store.record(sessions.shuffled(), as: .live, at: now)
        func ids(_ change: (inout SessionQuery) -> Void) async throws -> [String] {
            var query = SessionQuery()
            change(&query)
            return try await store.sessions(query).bodies.compactMap { Session(wire: $0)?.id }
        }

        var seen: [String] = []
        var query = SessionQuery(archived: .all, limit: 4)
        repeat {
            let page = try await store.sessions(query)
            seen += page.bodies.compactMap { Session(wire: $0)?.id }
            query.after = page.next
        } while query.after != nil
        #expect(Set(seen).count == 25 && seen.count == 25)
        #expect(seen.first == "24" && seen.last == "0")

        #expect(try await ids { _ in }.count == 21)
        #expect(try await Set(ids { $0.archived = .yes }) == ["0", "7", "14", "21"])
        #expect(try await Set(ids { $0.attention = true }) == ["5", "10", "15", "20"])
        #expect(
            try await ids {
                $0.states = [.completed]; $0.attention = true
            }.isEmpty)
        #expect(try await ids { $0.repository = "ACME/harbor" }.count == 21)
        #expect(try await ids { $0.repository = "acme/other" }.isEmpty)
        #expect(try await ids { $0.text = "tÏTLE 24" } == ["24"])
        #expect(try await ids { $0.text = "100%" }.isEmpty)
        await store.close()
    }

    @Test("Activities are stored once each, in order, and can be read from any of them on")
    func activities() async throws {
        let store = try await TestStore.open(now: now)
        let first = [activity("b", created: 1), activity("a", created: 1), activity("c", created: 2)]
        #expect(try await store.record(first, of: "1").map(\.id) == ["b", "a", "c"])
        let second = [
            activity("a", created: 1), activity("d", created: 3, member: #""planGenerated":{"plan":{"id":"p1"}}"#),
        ]
        #expect(try await store.record(second, of: "1").map(\.id) == ["d"])
        func ids(after: String?, limit: Int) async throws -> [String] {
            let page = try #require(try await store.activities(of: "1", after: after, limit: limit))
            return page.bodies.compactMap { Activity(wire: $0)?.id } + [page.next ?? "end"]
        }
        #expect(try await ids(after: nil, limit: 2) == ["b", "a", "a"])
        #expect(try await ids(after: "a", limit: 2) == ["c", "d", "end"])
        #expect(try await store.activities(of: "1", after: "x", limit: 1)?.bodies == nil)
        #expect(try await store.newestPlan(of: "1") == "p1")
    }

    @Test("A change that fails half-way is rolled back and not announced")
    func rollback() async throws {
        struct ObserverError: Error {}
        let store = try await TestStore.open(now: now)
        let told = Mutex(0)
        store.follow { _ in told.withLock { $0 += 1 } }
        await #expect(throws: ObserverError.self) {
            try await store.commit(at: now) { _, deltas in
                try deltas.append(before: nil, after: session("1"))
                throw ObserverError()
            }
        }
        #expect(told.withLock { $0 } == 0 && store.head.seq == now.milliseconds)
        #expect(try await store.changes(after: now.milliseconds).deltas.isEmpty)
    }

    @Test(
        "A page of the newest sessions is read from an index and not sorted", .ofSQLite,
        arguments: [SessionQuery.Archived.no, .yes, .all], [nil, ListPlace(time: 1, id: "1")])
    func newestByIndex(archived: SessionQuery.Archived, after: ListPlace?) async throws {
        let store = try await TestStore.open(now: .now)
        let (sql, values) = SessionQuery(archived: archived, after: after).statement()
        let plan = try await store.reader.with { try $0.query("EXPLAIN QUERY PLAN " + sql, values) { $0.text(3) } }
        #expect(plan.count == 1)
        #expect(plan.first?.contains("USING INDEX session_newest") ?? false)
    }
}

/// Takes all rows of each answer, wanted or not, as a server sends them, and counts them.
private final class WholeAnswers: SQLConnection {
    private let connection: any SQLConnection
    private(set) var rows = 0

    init(_ connection: any SQLConnection) { self.connection = connection }

    /// As a server, which sends whole answers.
    var dialect: SQLDialect { .postgreSQL }
    var changes: Int { connection.changes }
    var totalChanges: Int { connection.totalChanges }

    func execute(_ sql: String) throws { try connection.execute(sql) }
    func run(_ sql: String, _ values: [SQLValue]) throws { try connection.run(sql, values) }
    func transaction<T>(_ body: () throws -> T) throws -> T { try connection.transaction(body) }

    func forEach(_ sql: String, _ values: [SQLValue], _ row: (SQLRow) throws -> Bool) throws {
        var isWanted = true
        try connection.forEach(sql, values) { current in
            rows += 1
            if isWanted { isWanted = try row(current) }
            return true
        }
    }
}
