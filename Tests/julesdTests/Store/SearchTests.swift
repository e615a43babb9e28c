// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Searching sessions")
struct SearchTests {
    private let now = Timestamp(milliseconds: 1_795_200_000_000)

    @Test(
        "A text is found in any case and in either form of accented letters",
        arguments: [
            ("Cafe\u{301} menu", "Caf\u{e9}", true), ("Caf\u{e9} menu", "cafe\u{301} M", true),
            ("Ångström", "A\u{30a}NGSTRO\u{308}M", true), ("ΟΔΟΣ 7", "οδος", true), ("οδός", "ΟΔΌΣ", true),
            ("Οδοσ", "ς", true), ("Straße", "STRASSE", true), ("각", "\u{1100}\u{1161}\u{11a8}", true),
            ("İstanbul", "i\u{307}stan", true), ("Tidy ÜBERSICHT 100%", "übersicht 100%", true),
            ("Café", "cafe", false), ("a%b", "a_b", false), ("plain", "PLAIN", true),
        ])
    func found(title: String, text: String, isFound: Bool) async throws {
        let store = try await SessionStore(at: .memory(), now: now)
        _ = try await store.record([session("1", title: title)], as: .live, at: now)
        #expect(try await store.sessions(SessionQuery(text: text)).bodies.count == (isFound ? 1 : 0))
    }

    @Test(
        "A repository is found in any case, with or without .git",
        arguments: [
            ("acme/harbor", true), ("ACME/Harbor", true), ("acme/Harbor.git", true), ("acme/harbor.GIT", true),
            ("acme/harb", false), ("acme/harbor.gi", false),
        ])
    func repository(name: String, isFound: Bool) async throws {
        let store = try await SessionStore(at: .memory(), now: now)
        _ = try await store.record([session("1")], as: .live, at: now)
        #expect(try await store.sessions(SessionQuery(repository: name)).bodies.count == (isFound ? 1 : 0))
    }

    @Test("For an unknown repository the nearest one is suggested if one is similar")
    func near() async throws {
        let store = try await SessionStore(at: .memory(), now: now)
        _ = try await store.record([session("1")], as: .live, at: now)
        #expect(try await store.repository(near: "Acme/Habor.git") == "acme/harbor")
        #expect(try await store.repository(near: "ACME/harbor") == nil)
        #expect(try await store.repository(near: "somebody/else") == nil)
    }

    @Test("The sessions of a repository are read from an index", arguments: [SessionQuery.Archived.no, .yes])
    func byIndex(archived: SessionQuery.Archived) async throws {
        let store = try await SessionStore(at: .memory(), now: now)
        let (sql, values) = SessionQuery(repository: "acme/harbor", archived: archived).statement
        let plan = try await store.reader.with { try $0.query("EXPLAIN QUERY PLAN " + sql, values) { $0.text(3) } }
        #expect(plan.count == 1)
        #expect(plan.first?.contains("USING INDEX session_repository") ?? false)
    }

    @Test("A migrated store is searched in the same way")
    func migration() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sessions.sqlite"
        let old = Migrator(applicationID: Schema.applicationID, migrations: Array(Schema.migrations.prefix(1)))
        let database = try await SQLiteDatabase(path: path, mode: .readWriteCreate) { connection in
            try old.migrate(connection)
            try connection.execute("INSERT INTO log (one, epoch, origin, head) VALUES (1, 'e', 10, 12)")
            for number in 1...2500 {
                try connection.run(
                    """
                    INSERT INTO session (id, created, state, repository, archived, search, body)
                    VALUES (?1, 1, 'COMPLETED', '', 0, ?2, CAST('{"id":"' || ?1 || '"}' AS BLOB))
                    """, .text("\(number)"), .text(number % 1000 == 1 ? "οδο\u{301}ς" : "plain"))
            }
        }
        try await database.close()
        let store = try await SessionStore(at: .file(path: path), now: now)
        #expect(try await store.sessions(SessionQuery(text: "ΟΔΌΣ")).bodies.count == 3)
        #expect(try await store.sessions(SessionQuery(text: "Plain", limit: 500)).bodies.count == 500)
        await store.close()
    }
}
