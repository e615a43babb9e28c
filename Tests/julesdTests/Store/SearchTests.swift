// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@testable import julesd

@Suite("Searching sessions", .timeLimit(.minutes(2)))
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
        let store = try await TestStore.open(now: now)
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
        let store = try await TestStore.open(now: now)
        _ = try await store.record([session("1")], as: .live, at: now)
        #expect(try await store.sessions(SessionQuery(repository: name)).bodies.count == (isFound ? 1 : 0))
    }

    @Test("For an unknown repository the nearest one is suggested if one is similar")
    func near() async throws {
        let store = try await TestStore.open(now: now)
        _ = try await store.record([session("1")], as: .live, at: now)
        #expect(try await store.repository(near: "Acme/Habor.git") == "acme/harbor")
        #expect(try await store.repository(near: "ACME/harbor") == nil)
        #expect(try await store.repository(near: "somebody/else") == nil)
    }

    private static let filters: [SessionQuery] = {
        let states: [Set<SessionState>] = [[], [.completed], [.completed, .failed, .unrecognized("NEW")]]
        let archived: [SessionQuery.Archived] = [.no, .yes, .all]
        return states.flatMap { states in
            archived.flatMap { archived in
                [nil, "acme/harbor"].flatMap { repository in
                    [false, true].flatMap { attention in
                        [nil, "parser", "er"].map { text in
                            SessionQuery(
                                states: states, repository: repository, archived: archived, attention: attention,
                                text: text)
                        }
                    }
                }
            }
        }
    }()

    @Test("No filtered list scans all sessions or sorts more than one page of each state", .ofSQLite)
    func byIndex() async throws {
        let store = try await TestStore.open(now: now)
        for var query in Self.filters {
            for after in [nil, ListPlace(time: 1, id: "1")] {
                query.after = after
                for candidates in [SearchCandidates.all, .few(#""par""#), .many(#""par""#)] {
                    let (sql, values) = query.statement(query.text == nil ? .all : candidates)
                    let plan = try await store.reader.with {
                        try $0.query("EXPLAIN QUERY PLAN " + sql, values) { $0.text(3) }
                    }
                    #expect(!plan.contains { $0.hasPrefix("SCAN session") && !$0.contains(" INDEX ") }, "\(plan)")
                    // One part is in order by its index. Only the pages of several parts, or a few candidates, are sorted.
                    let isOnePart = query.repository == nil && query.states.count < 2 && !query.attention
                    if isOnePart, candidates == .all, query.states.isEmpty || query.archived != .all {
                        #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
                    }
                    if query.repository != nil, candidates == .all {
                        #expect(
                            plan.contains { $0.contains("session_repository (repository=? AND archived=?") }, "\(plan)")
                    } else if !query.states.isEmpty, candidates == .all {
                        #expect(plan.contains { $0.contains("session_state (archived=? AND state=?") }, "\(plan)")
                    }
                }
            }
        }
    }

    @Test("More states are taken than SQLite joins lists", arguments: [SessionQuery.Archived.no, .all])
    func manyStates(archived: SessionQuery.Archived) async throws {
        let store = try await TestStore.open(now: now)
        let text = #"{"id":"1","state":"COMPLETED","createTime":"2026-07-01T00:00:00Z"}"#
        let session = try #require(Session(wire: Array(text.utf8)))
        try await store.record([session], as: .baseline, at: now)
        let states = Set((0..<1500).map { SessionState.unrecognized("S\($0)") })
        let none = try await store.sessions(SessionQuery(states: states, archived: archived))
        #expect(none.bodies.isEmpty)
        let one = try await store.sessions(SessionQuery(states: states.union([.completed]), archived: archived))
        #expect(one.bodies.count == 1)
    }

    @Test("Each filter gives the sessions that match, page by page")
    func filters() async throws {
        let store = try await TestStore.open(now: now)
        let states = ["COMPLETED", "FAILED", "AWAITING_PLAN_APPROVAL", "AWAITING_USER_FEEDBACK", "NEW", "PAUSED"]
        let all = (0..<120).map { number in
            let title = ["Mend the parser", "Tidy up", "PARSERS of old", "Paper"][number % 4]
            // Several are equally old.
            let text = """
                {"id":"\(number + 1)","state":"\(states[number % 6])","archived":\(number % 5 == 0),"title":"\(title)",\
                "sourceContext":{"source":"sources/github/\(number % 3 == 0 ? "Acme/Harbor" : "acme/pier")"},\
                "createTime":"2026-11-20T09:\(10 + number / 7):00Z"}
                """
            return Session(wire: Array(text.utf8))
        }.compactMap(\.self)
        #expect(all.count == 120)
        try await store.record(all, as: .live, at: now)
        for var query in Self.filters {
            query.limit = 7
            let expected = all.filter { session in
                (query.states.isEmpty || query.states.contains(session.state))
                    && (!query.attention || session.state.waitsForPerson)
                    && (query.repository.map { $0 == session.repository.lowercased() } ?? true)
                    && (query.archived == .all || session.archived == (query.archived == .yes))
                    && (query.text.map { "\(session.title)\n\(session.id)".searchText.contains($0) } ?? true)
            }.sorted { ($0.createTime, $0.id) > ($1.createTime, $1.id) }
            var seen: [[UInt8]] = []
            repeat {
                let page = try await store.sessions(query)
                #expect(page.bodies.count <= 7)
                seen += page.bodies
                query.after = page.next
            } while query.after != nil
            #expect(seen == expected.map(\.body), "\(query)")
        }
    }

    @Test("A search with the index finds the same sessions as one without it", .ofSQLite)
    func sameAsWithout() async throws {
        let store = try await TestStore.open(now: now)
        let words = [
            "fix", "Straße", "οδός", "a\"b", "100%", "naïve", "x\u{0}y", "\u{1F44D}\u{1F3FD}", "(or", "AND", "*", "ﬁn",
        ]
        let titles = (0..<300).map { number in
            (0..<4).map { words[(number / [1, 12, 5, 7][$0]) % words.count] }.joined(
                separator: number % 2 == 0 ? " " : "")
        }
        try await store.record(titles.enumerated().map { session("\($0 + 1)", title: escaped($1)) }, as: .live, at: now)
        let texts =
            words + titles.prefix(40) + [
                "fix fix", "\"", "\u{0}", "ΟΔΌΣ", "STRASSE fix", "zzz", String(repeating: "fix", count: 60),
            ]
        for text in texts {
            let folded = text.searchText
            let expected = titles.filter { Array($0.searchText.utf8).firstRange(of: Array(folded.utf8)) != nil }.count
            let found = try await store.sessions(SessionQuery(text: text, limit: 500)).bodies.count
            #expect(found == expected, "\(text)")
        }
        let used = try await store.read { connection in
            try ["fix fix", "zzz", "straße"].map { try connection.candidates(for: $0.searchText) }
        }
        #expect(!used.contains(.all))
        #expect(try await store.read { try $0.candidates(for: "ab") } == .all)
    }

    /// The text as it stands between the quotes of a JSON string.
    private func escaped(_ text: String) -> String {
        String(String(decoding: JSON.string(text).bytes, as: UTF8.self).dropFirst().dropLast())
    }

    @Test("A text is no longer found after the session is changed or deleted", .ofSQLite)
    func following() async throws {
        let store = try await TestStore.open(now: now)
        try await store.record([session("1", title: "first"), session("2", title: "first")], as: .live, at: now)
        try await store.record([session("1", title: "second")], as: .live, at: now)
        try await store.recordDeletion(of: "2", at: now)
        let indexed = { (text: String) in
            try await store.read { connection in
                try connection.query("SELECT rowid FROM session_text WHERE session_text MATCH ?", [.text(text)]) {
                    $0.int(0)
                }
            }
        }
        #expect(try await indexed(#""fir" AND "irs""#).isEmpty)
        #expect(try await indexed(#""sec""#).count == 1)
        try await store.record([session("2", title: "third")], as: .live, at: now)
        #expect(try await store.sessions(SessionQuery(text: "thir")).bodies.count == 1)
    }

    @Test("A store from an earlier version is searched and changed while its index is built")
    func making() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sessions.sqlite"
        let old = Migrator(applicationID: Schema.applicationID, migrations: Array(Schema.migrations.prefix(12)))
        let database = try await SQLiteDatabase(path: path, mode: .readWriteCreate) { connection in
            try old.migrate(connection)
            try connection.execute("INSERT INTO log (one, epoch, origin, head) VALUES (1, 'e', 10, 12); BEGIN")
            for number in 1...350 {
                try connection.run(
                    """
                    INSERT INTO session (id, created, state, repository, archived, search, body)
                    VALUES (?1, 1, 'COMPLETED', '', 0, 'parser ' || ?1, CAST('{"id":"' || ?1 || '"}' AS BLOB))
                    """, .text("\(number)"))
            }
            try connection.execute("COMMIT")
        }
        try await database.close()
        let store = try await SessionStore(at: .file(path: path), now: now)
        let count = { try await store.sessions(SessionQuery(text: "parser", limit: 500)).bodies.count }
        #expect(try await count() == 350)
        #expect(try await store.indexStep())
        #expect(try await count() == 350)
        // One that is in the index already, one that is not yet, and a new one.
        for id in ["50", "300", "400"] { try await store.record([session(id, title: "lexer")], as: .live, at: now) }
        for id in ["60", "310"] { try await store.recordDeletion(of: id, at: now) }
        while try await store.indexStep() {}
        #expect(try await store.read { try $0.candidates(for: "parser") } != .all)
        #expect(try await count() == 346)
        #expect(try await store.sessions(SessionQuery(text: "lexer")).bodies.count == 3)
        try await store.write { try $0.execute("INSERT INTO session_text (session_text) VALUES ('integrity-check')") }
        await store.close()
    }

    @Test("A migrated store is searched in the same way")
    func migration() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sessions.sqlite"
        let old = Migrator(applicationID: Schema.applicationID, migrations: Array(Schema.migrations.prefix(1)))
        let database = try await SQLiteDatabase(path: path, mode: .readWriteCreate) { connection in
            try old.migrate(connection)
            try connection.execute("INSERT INTO log (one, epoch, origin, head) VALUES (1, 'e', 10, 12); BEGIN")
            for number in 1...2500 {
                try connection.run(
                    """
                    INSERT INTO session (id, created, state, repository, archived, search, body)
                    VALUES (?1, 1, 'COMPLETED', '', 0, ?2, CAST('{"id":"' || ?1 || '"}' AS BLOB))
                    """, .text("\(number)"), .text(number % 1000 == 1 ? "οδο\u{301}ς" : "plain"))
            }
            try connection.execute("COMMIT")
        }
        try await database.close()
        let store = try await SessionStore(at: .file(path: path), now: now)
        #expect(try await store.sessions(SessionQuery(text: "ΟΔΌΣ")).bodies.count == 3)
        #expect(try await store.sessions(SessionQuery(text: "Plain", limit: 500)).bodies.count == 500)
        await store.close()
    }
}
