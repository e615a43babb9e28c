// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

/// The built program with a store on a real PostgreSQL server.
@Suite("A store on PostgreSQL", .timeLimit(.minutes(5)))
struct ServerStoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A launch of a verb with these words.
    private func verb(_ words: String..., store: String? = nil) -> Launch {
        var launch = Launch(words + ["--config", "/dev/null"])
        launch.environment = [
            "DATA_DIR": folder.path, "JULES_API_BASE": "http://127.0.0.1:1", "LOCAL_TOKEN": Launch.token,
        ]
        launch.environment["STORE"] = store
        return launch
    }

    /// Leaves a store of a daemon in the folder. Returns where its log ends.
    private func leaveStore(_ jules: FakeJules) async throws -> JSON {
        try await withDaemon(Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("ready")
            // What the first reading of the account finds makes no change.
            try await awaitTrue("the first reading") {
                try await http.get("/api/sessions").json["sessions"]?.array?.isEmpty == false
            }
            let new = jules.update { $0.add() }
            try await awaitSession(new.id, http)
            let changes = try await http.get("/api/deltas?since=0").json
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            return changes
        }
    }

    private func addActivities(_ count: Int) throws {
        let store = try SQLiteConnection(path: folder.file("sessions.sqlite"), mode: .readWrite)
        try store.run(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            INSERT INTO activity (session, id, created, kind, body)
            SELECT 's', 'i' || i, i, 'k', CAST(printf('{"id":"i%d"}%300s', i, '') AS BLOB) FROM n
            """, .integer(Int64(count)))
        try store.close()
    }

    @Test("A daemon goes on at the server where it stopped on its file: same epoch, same cursor")
    func migration() async throws {
        let jules = try await FakeJules.start()
        let uri = try PostgreSQLServer.database()
        let before = try await leaveStore(jules)
        let end = try await run(verb("migrate", "--to", uri))
        #expect(end.status == 0 && end.output.contains("The file is not changed"), "\(end)")
        #expect(end.output.contains("2 sessions") && end.output.contains("set STORE"), "\(end)")
        #expect(end.error.isEmpty, "\(end)")
        try await withDaemon(Launch(jules, ["STORE": uri])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            let head = try #require(before["seq"]?.int)
            jules.update { $0.add() }
            try await awaitTrue("the next change") {
                try await http.get("/api/deltas?since=\(head)").json["deltas"]?.array?.isEmpty == false
            }
            let after = try await http.get("/api/deltas?since=\(head)").json
            #expect(after["epoch"] == before["epoch"] && after["gap"] == nil, "\(before) \(after)")
            #expect(after["deltas"]?.array?.first?["seq"]?.int == head + 1)
        }
    }

    @Test(
        "A wrong --to is refused without its password, and a password in it is warned about",
        arguments: [
            ("postgresql://u:hunter2@127.0.0.1:1/d", 74, "every user of this machine", "start the server"),
            ("postgresql://127.0.0.1:1/d?password=hunter2", 74, "every user of this machine", "start the server"),
            ("postgresql://u:hun/ter2@h/d", 78, "STORE", "%2F"), ("host=h password=hunter2", 78, "STORE", "no URI"),
            ("", 64, "--to", "empty"),
        ] as [(String, Int32, String, String)])
    func wrongTargets(uri: String, status: Int32, first: String, second: String) async throws {
        _ = try await leaveStore(try await FakeJules.start())
        let end = try await run(verb("migrate", "--to", uri))
        #expect(end.status == status && end.error.contains(first) && end.error.contains(second), "\(end)")
        #expect(!end.error.contains("hunter2") && !end.error.contains("ter2"))
    }

    @Test("A store in use is not moved")
    func running() async throws {
        let jules = try await FakeJules.start()
        let uri = try PostgreSQLServer.database()
        try await withDaemon(Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])) { daemon in
            try await daemon.event("ready")
            let end = try await run(verb("migrate", "--to", uri))
            #expect(end.status == 74 && end.error.contains("in use by process \(daemon.pid)"), "\(end)")
        }
    }

    @Test("A move that is killed leaves nothing in the database, and the next one starts over")
    func killed() async throws {
        _ = try await leaveStore(try await FakeJules.start())
        try addActivities(60_000)
        let uri = try PostgreSQLServer.database()
        let watcher = try PostgreSQLConnection(uri: uri, application: "test")
        let isAtWork = { (step: String) in
            try watcher.first(
                """
                SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND query LIKE ? || '%'
                """, [.text(step)], { _ in true }) ?? false
        }
        try await withDaemon(verb("migrate", "--to", uri)) { process in
            let deadline = ContinuousClock.now + patience
            // It is short, so it is looked for more often than ``awaitTrue(_:_:)`` would.
            while try !isAtWork("COPY activity") {
                guard ContinuousClock.now < deadline else { throw OverdueError(what: "COPY", reason: "not seen") }
                try await Task.sleep(for: .milliseconds(1))
            }
            process.signal(SIGKILL)
            #expect(try await process.exitStatus() == 128 + SIGKILL)
        }
        try await awaitTrue("the server's end of the connection") { try !isAtWork("") }
        #expect(try watcher.first("SELECT to_regclass('log') IS NULL") { $0.int(0) } == 1)
        let end = try await run(verb("migrate", "--to", uri))
        #expect(end.status == 0 && end.output.contains("is moved to PostgreSQL"), "\(end)")
        #expect(try watcher.first("SELECT count(*) FROM activity") { $0.int(0) } == 60_000)
    }

    @Test("verify checks the store at the server, and says what is wrong with it")
    func verify() async throws {
        let uri = try PostgreSQLServer.database()
        let empty = try await run(verb("verify", store: uri))
        #expect(empty.status == 74 && empty.error.contains("no store yet"), "\(empty)")
        _ = try await leaveStore(try await FakeJules.start())
        #expect(try await run(verb("migrate", "--to", uri)).status == 0)
        let sound = try await run(verb("verify", store: uri))
        #expect(sound.status == 0 && sound.output.contains("2 sessions"), "\(sound)")
        try PostgreSQLConnection(uri: uri, application: "test").execute(
            "UPDATE session SET state = 'X'; UPDATE log SET head = head + 1")
        let damaged = try await run(verb("verify", store: uri))
        #expect(damaged.status == 74, "\(damaged)")
        #expect(damaged.error.contains("is not what its text says") && damaged.error.contains("the head"), "\(damaged)")
    }

    @Test("prune removes old history at the server, and rules test reads it there")
    func pruneAndRehearse() async throws {
        let uri = try PostgreSQLServer.database()
        let absent = try await run(verb("prune", store: uri))
        #expect(absent.status == 74 && absent.error.contains("no store yet"), "\(absent)")
        _ = try await leaveStore(try await FakeJules.start())
        try addActivities(500)
        #expect(try await run(verb("migrate", "--to", uri)).status == 0)
        let rule = try folder.write("[Match]\nOn=created\n[Action]\nLeave=yes\n", to: "created.rule")
        let rehearsal = try await run(verb("rules", "test", rule, store: uri))
        #expect(rehearsal.status == 0 && rehearsal.output.contains("1 events in 7 days"), "\(rehearsal)")
        #expect(rehearsal.output == (try await run(verb("rules", "test", rule))).output)

        let pruned = try await run(verb("prune", store: uri))
        #expect(pruned.status == 0 && pruned.output.contains("holds nothing older than"), "\(pruned)")
        let server = try PostgreSQLConnection(uri: uri, application: "test")
        #expect(try server.first("SELECT count(*) FROM activity WHERE session = 's'") { $0.int(0) } == 0)
        #expect(try server.first("SELECT count(*) FROM session") { $0.int(0) } == 2)
    }

    @Test("Verbs that are only for a file say what does the same at the server")
    func refusals() async throws {
        let uri = try PostgreSQLServer.database()
        for (launch, words) in [
            (verb("backup", folder.file("b"), store: uri), "pg_dump"),
            (verb("restore", folder.file("b"), store: uri), "pg_restore"),
            (verb("prune", "--vacuum", store: uri), "VACUUM FULL"),
        ] {
            let end = try await run(launch)
            #expect(end.status == 64 && end.error.contains(words), "\(end)")
        }
        let migrated = try await run(verb("migrate", store: uri))
        #expect(migrated.status == 0 && migrated.output.contains("schema version"), "\(migrated)")
    }
}
