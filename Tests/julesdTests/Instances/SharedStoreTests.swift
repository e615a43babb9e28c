// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("A store that several instances share", .timeLimit(.minutes(3)))
struct SharedStoreTests {
    private let uri: String

    init() throws { uri = try PostgreSQLServer.database() }

    private func open(_ name: String, onNewHistory: @escaping @Sendable () -> Void = {}) async throws -> SessionStore {
        SessionStore(try await PostgreSQLEngine.open(at: uri, instance: name, onNewHistory: onNewHistory))
    }

    /// Runs a statement beside all instances.
    private func run(_ sql: String) throws {
        try PostgreSQLConnection(uri: uri, application: "test").execute(sql)
    }

    @Test("Two instances number the deltas without a gap, and each tells all of them in order")
    func numbers() async throws {
        let stores = [try await open("a"), try await open("b")]
        let told = Mutex<[[Int64]]>([[], []])
        for (index, store) in stores.enumerated() {
            store.follow { set in told.withLock { $0[index] += set.deltas.map(\.seq) } }
        }
        let start = stores[0].head
        #expect(stores[1].head == start)
        try await withThrowingTaskGroup { group in
            for (number, store) in stores.enumerated() {
                for step in 0..<25 {
                    group.addTask { try await store.record([session("\(number)-\(step)")], as: .live, at: .now) }
                }
            }
            try await group.waitForAll()
        }
        for store in stores { try await store.catchUp() }
        let wanted = Array(start.seq + 1...start.seq + 50)
        #expect(told.withLock(\.self) == [wanted, wanted])
        #expect(try await stores[0].changes(after: start.seq).deltas.map(\.seq) == wanted)
        for store in stores { await store.close() }
    }

    @Test("A transaction of a leader whose term is over changes nothing")
    func term() async throws {
        let store = try await open("a")
        try run("UPDATE log SET term = 7")
        try await LeaderTerm.$current.withValue(7) { _ = try await store.record([session("1")], as: .live, at: .now) }
        try run("UPDATE log SET term = 8")
        await #expect(throws: NotLeaderError.self) {
            try await LeaderTerm.$current.withValue(7) {
                _ = try await store.record([session("2")], as: .live, at: .now)
            }
        }
        #expect(try await store.session("1") != nil)
        #expect(try await store.session("2") == nil)
        #expect(store.health.trouble == nil, "to lose the lead is no trouble of the store")
        // A person's request is not the leader's.
        _ = try await store.record([session("3")], as: .live, at: .now)
        #expect(try await store.session("3") != nil)
        await store.close()
    }

    @Test("A server with another history begins a new epoch, once, and every instance starts again there")
    func otherHistory() async throws {
        let count = Mutex(0)
        let first = try await open("a") { count.withLock { $0 += 1 } }
        _ = try await first.record([session("1")], as: .live, at: .now)
        let restarts = Mutex<[LogHead]>([])
        first.follow(others: .init(restarted: { head in restarts.withLock { $0.append(head) } }))
        let before = first.head
        // As on a standby that was promoted: another timeline, and the connections are gone.
        try run("UPDATE log SET mark = 'another cluster'")
        let second = try await open("b") { count.withLock { $0 += 1 } }
        #expect(second.head.epoch != before.epoch)
        #expect(second.head.seq >= before.seq)
        #expect(second.origin == second.head.seq)
        try await first.catchUp()
        #expect(first.head == second.head)
        #expect(restarts.withLock(\.self) == [second.head])
        #expect(count.withLock(\.self) == 1)
        #expect(try await first.session("1") != nil)
        #expect(try await first.changes(after: before.seq, epoch: before.epoch).gap != nil)
        for store in [first, second] { await store.close() }
    }

    @Test("A client that comes before the instance has noticed another epoch is told no gap in the old one")
    func unnoticedEpoch() async throws {
        let first = try await open("a")
        let restarts = Mutex<[LogHead]>([])
        first.follow(others: .init(restarted: { head in restarts.withLock { $0.append(head) } }))
        let before = first.head
        try run("UPDATE log SET mark = 'another cluster'")
        let second = try await open("b")
        // The hello of this instance had the old epoch.
        await #expect(throws: (any Error).self) {
            try await ReplayLog(store: first).page(after: before.seq, epoch: before.epoch)
        }
        #expect(restarts.withLock(\.self) == [second.head], "the connection ends, and the client comes back")
        #expect(try await ReplayLog(store: first).page(after: before.seq, epoch: before.epoch).gap != nil)
        for store in [first, second] { await store.close() }
    }

    @Test("A leader of a history that was lost cannot write in the new one, whatever its term was")
    func lostTerm() async throws {
        let old = try await open("a")
        // The lost history had come to term 7. The new server knows of term 6 alone, and its next leader is the next one.
        try run("UPDATE log SET term = 6, mark = 'another cluster'")
        let new = try await open("b")
        try run("UPDATE log SET term = term + 1")
        await #expect(throws: NotLeaderError.self) {
            try await LeaderTerm.$current.withValue(7) {
                _ = try await old.record([session("1")], as: .live, at: .now)
            }
        }
        #expect(try await new.session("1") == nil)
        await old.close()
        await new.close()
    }

    @Test("An instance that was away for longer than the log reaches starts again at its head")
    func prunedLog() async throws {
        let (writer, away) = (try await open("a"), try await open("b"))
        let restarts = Mutex<[LogHead]>([])
        away.follow(others: .init(restarted: { head in restarts.withLock { $0.append(head) } }))
        for id in ["1", "2", "3"] { _ = try await writer.record([session(id)], as: .live, at: .now) }
        try run("DELETE FROM delta WHERE seq <= (SELECT head - 1 FROM log)")
        try await away.catchUp()
        #expect(restarts.withLock(\.self) == [writer.head])
        #expect(away.head == writer.head)
        for store in [writer, away] { await store.close() }
    }

    @Test("While the server is away requests fail, and afterwards nothing is missing")
    func away() async throws {
        let store = try await open("a")
        let told = Mutex<[Int64]>([])
        store.follow { set in told.withLock { $0 += set.deltas.map(\.seq) } }
        _ = try await store.record([session("1")], as: .live, at: .now)
        try run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'julesd a%'"
        )
        let error = await #expect(throws: PostgreSQLError.self) {
            _ = try await store.record([session("2")], as: .live, at: .now)
        }
        #expect(error?.isUnavailable == true)
        #expect(store.health.trouble != nil)
        _ = try await store.record([session("2")], as: .live, at: .now)
        #expect(store.health.trouble == nil)
        #expect(told.withLock(\.count) == 2)
        await store.close()
    }

    @Test("A text with U+0000 is stored, and the API's text stays as it is")
    func null() async throws {
        let store = try await open("a")
        let odd = session("1", more: #","title":"a\u0000b""#)
        _ = try await store.record([odd], as: .live, at: .now)
        #expect(try await store.session("1")?.body == odd.body)
        await store.close()
    }

    @Test(
        "A foreign or too new schema is refused, and left as it is",
        arguments: [
            "CREATE TABLE log (line text)",
            "CREATE TABLE schema_version (application text, version bigint, oldest bigint)",
            "CREATE TABLE schema_version AS SELECT 'julesd' AS application, 9::bigint AS version, 9::bigint AS oldest",
        ])
    func foreign(sql: String) async throws {
        try run(sql)
        await #expect {
            _ = try await open("a")
        } throws: { error in if case .refused = StoreError(error) { true } else { false } }
        let tables = try PostgreSQLConnection(uri: uri, application: "test").query(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        ) { $0.text(0) }
        #expect(tables.count == 1)
    }

    @Test("A newer schema that still serves this release is used")
    func newerSchema() async throws {
        let store = try await open("a")
        try run("UPDATE schema_version SET version = 9, oldest = 1; ALTER TABLE session ADD COLUMN later bigint")
        let second = try await open("b")
        _ = try await second.record([session("1")], as: .live, at: .now)
        try await store.catchUp()
        #expect(store.head == second.head)
        for store in [store, second] { await store.close() }
    }
}
