// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import TestSupport
import Testing

@testable import julesd

@Suite("A store's move to PostgreSQL", .timeLimit(.minutes(2)))
struct StoreTransferTests {
    private let folder: TemporaryFolder
    private let file: StoreFile
    private let now = Timestamp(milliseconds: 1_795_200_000_000)

    init() throws {
        folder = try TemporaryFolder()
        file = StoreFile(directory: folder.path)
    }

    /// A store as a daemon leaves it, with rows in every table. Returns its head.
    private func fill(_ insert: (SQLiteConnection) throws -> Void = { _ in }) async throws -> LogHead {
        let store = try await file.open(Logger(label: "test"))
        for id in 1...3 { try await store.record([session("\(id)")], as: .live, at: now) }
        try await store.record([activity("a", created: 1)], of: "1", at: now)
        let head = store.head
        await store.close()
        let connection = try SQLiteConnection(path: file.path, mode: .readWrite)
        for table in StoreTransfer.tables where table.name != "log" {
            for number in [Int64(71), 72, 73] { try connection.insertRow(number, into: table.name) }
        }
        try insert(connection)
        try connection.close()
        return head
    }

    /// Activities with the numbers from 100 to 4100, some of them large.
    private func addManyRows(_ connection: SQLiteConnection) throws {
        try connection.run(
            """
            WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 4100)
            INSERT INTO activity (number, session, id, created, kind, body)
            SELECT i, 's', 'i' || i, i, 'k', zeroblob(CASE WHEN i % 1000 = 0 THEN 1200000 ELSE 10 END) FROM n
            """)
    }

    private func move(
        to uri: String, report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> StoreTransfer.Outcome {
        let outcome = await onThread { [file] in
            Result {
                let source = try file.openToMove()
                let target = try StoreServer(uri: Secret(uri)).openToFill()
                return try StoreTransfer(of: file, source, to: target, report: report).run()
            }
        }
        return try #require(outcome).get()
    }

    /// The sentence of the refusal.
    private func refusal(_ uri: String) async -> String {
        let error = await #expect(throws: (any Error).self) { try await move(to: uri) }
        return error.map { "\(StoreError($0))" } ?? ""
    }

    private func connection(_ uri: String) throws -> PostgreSQLConnection {
        try PostgreSQLConnection(uri: uri, application: "test")
    }

    @Test("Every table of the file is moved, and the server has every column of it")
    func isComplete() async throws {
        let store = try await SessionStore(at: .memory(), now: now)
        let columns = try await store.read { connection in
            try connection.query(
                """
                SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
                WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'session_text%'
                """
            ) { (table: $0.text(0), column: $0.text(1)) }
        }
        #expect(Set(columns.map(\.table)) == Set(StoreTransfer.tables.map(\.name)))
        let target = try connection(try PostgreSQLServer.database())
        try PostgreSQLSchema.prepare(target)
        for (table, column) in columns where column != "searchable" {
            #expect(throws: Never.self) { try target.run("SELECT \(column) FROM \(table)") }
        }
    }

    @Test("A store goes on at the server with its epoch, its rows and its numbers, and the file stays as it is")
    func moves() async throws {
        let head = try await fill()
        let before = try FileContents.read(file.path)
        let uri = try PostgreSQLServer.database()
        #expect(try await move(to: uri) == .moved)
        #expect(try FileContents.read(file.path) == before)

        let target = try connection(uri)
        #expect(try target.first("SELECT mark FROM log") { $0.isNull(0) } == true)
        for table in StoreTransfer.tables where table.name != "log" {
            let count = try target.first("SELECT count(*) FROM \(table.name)") { $0.int(0) }
            #expect(count.map { $0 >= 3 } == true, "\(table.name)")
        }
        #expect(
            try target.query("SELECT title FROM queue_entry ORDER BY number") { $0.text(0) }.first
                == "e\u{301}\u{FFFD}71")

        let store = SessionStore(try await PostgreSQLEngine.open(at: uri, instance: "test"))
        #expect(store.head == head)
        #expect(try await store.changes(after: head.seq - 1).deltas.map(\.seq) == [head.seq])
        try await store.record([session("4")], as: .live, at: now)
        try await store.record([activity("b", created: 2)], of: "1", at: now)
        #expect(store.head == LogHead(epoch: head.epoch, seq: head.seq + 1))
        #expect(try target.first("SELECT number FROM activity WHERE id = 'b'") { $0.int(0) } == 74)
        await store.close()
        #expect(await refusal(uri).contains("a daemon has used it there"))
    }

    @Test("A second move to the same database only compares again, and finds a changed, a lost and an additional row")
    func compares() async throws {
        _ = try await fill()
        let uri = try PostgreSQLServer.database()
        #expect(try await move(to: uri) == .moved)
        #expect(try await move(to: uri) == .wasMoved)
        let target = try connection(uri)
        for (change, undo, words) in [
            ("UPDATE activity SET body = 'x' WHERE number = 72", nil, "activity differs at number 72"),
            ("UPDATE queue_entry SET detail = '' WHERE number = 72", nil, "queue_entry differs at number 72"),
            ("DELETE FROM deleted_session WHERE created = 73", nil, "deleted_session lacks the row with id"),
            (
                "INSERT INTO rule VALUES ('zzz', 1)", "DELETE FROM rule WHERE name = 'zzz'",
                "rule has 3 rows here and 4 there"
            ),
            (
                "INSERT INTO rule VALUES ('e', 1)", "DELETE FROM rule WHERE name = 'e'",
                "rule has 3 rows here and 4 there"
            ),
        ] as [(String, String?, String)] {
            let table = words.split(separator: " ")[0]
            try target.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS TABLE \(table)")
            try target.execute(change)
            let refusal = await refusal(uri)
            #expect(refusal.contains(words), "\(change): \(refusal)")
            try target.execute(undo ?? "DELETE FROM \(table); INSERT INTO \(table) SELECT * FROM kept")
        }
        try target.execute("DROP TABLE kept")
        #expect(try await move(to: uri) == .wasMoved)
    }

    @Test("Rows that fill several comparisons are all compared")
    func manyRows() async throws {
        _ = try await fill(addManyRows)
        let uri = try PostgreSQLServer.database()
        #expect(try await move(to: uri) == .moved)
        try connection(uri).execute("UPDATE activity SET kind = 'x' WHERE number = 4100")
        #expect(await refusal(uri).contains("activity differs at number 4100"))
    }

    @Test("A database with another store is refused, but an empty store that no daemon uses is replaced")
    func otherStores() async throws {
        let head = try await fill()
        let uri = try PostgreSQLServer.database()
        let other = SessionStore(try await PostgreSQLEngine.open(at: uri, instance: "other"))
        let daemon = try connection(uri)
        #expect(try daemon.first("SELECT pg_try_advisory_lock(\(PostgreSQLEngine.leaderLock))") { $0.int(0) } == 1)
        #expect(await refusal(uri).contains("a daemon uses the database"))
        daemon.close()
        try await other.record([session("9")], as: .live, at: now)
        #expect(await refusal(uri).contains("the database has another store"))
        try await other.write { try $0.run("DELETE FROM session") }
        try await other.write { try $0.run("DELETE FROM delta") }
        await other.close()
        #expect(try await move(to: uri) == .moved)
        let store = SessionStore(try await PostgreSQLEngine.open(at: uri, instance: "test"))
        #expect(store.head == head)
        await store.close()
    }

    @Test("A failure in the middle leaves nothing in the database, and the next attempt begins anew")
    func interruption() async throws {
        _ = try await fill(addManyRows)
        let uri = try PostgreSQLServer.database()
        let watcher = try connection(uri)
        for step in ["copying the table activity: 2000", "comparing the table activity: 3000"] {
            await #expect(throws: PostgreSQLError.self, "\(step)") {
                try await move(to: uri) { report in
                    guard report.hasPrefix(step) else { return }
                    try? PostgreSQLConnection(uri: uri, application: "test").run(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'julesd verb'"
                            + " AND datname = current_database()")
                }
            }
            #expect(try watcher.first("SELECT to_regclass('schema_version') IS NULL") { $0.int(0) } == 1)
        }
        #expect(try await move(to: uri) == .moved)
    }

    @Test("A store in use, and one that a start would change first, is refused with what to do")
    func unready() async throws {
        let uri = try PostgreSQLServer.database()
        #expect(await refusal(uri).contains("there is no store"))
        let store = try await file.open(Logger(label: "test"))
        #expect(await refusal(uri).contains("in use by process"))
        await store.close()

        let connection = try SQLiteConnection(path: file.path, mode: .readWrite)
        try connection.execute("PRAGMA user_version = 13")
        try connection.close()
        #expect(await refusal(uri).contains("schema version 13: first run \"julesd migrate\" without --to"))
        let again = try SQLiteConnection(path: file.path, mode: .readWrite)
        try again.execute("PRAGMA user_version = \(Schema.migrator.latest)")
        try again.close()

        try folder.write("", to: "sessions.restored.sqlite")
        #expect(await refusal(uri).contains("a restore of"))
        try FileSystem.remove(file.acceptedPath)

        try FileSystem.remove(file.markPath)
        #expect(await refusal(uri).contains("not the store that the last run left here: first run"))
        #expect(try connectionHasNoTable(uri))
    }

    @Test("A moved store that a daemon starts on again begins a new epoch, but can be moved to another database before")
    func goesBack() async throws {
        let head = try await fill()
        #expect(try await move(to: try PostgreSQLServer.database()) == .moved)
        try file.noteMoved()
        #expect(try await move(to: try PostgreSQLServer.database()) == .moved)
        let store = try await file.open(Logger(label: "test"))
        #expect(store.isReplaced && store.head.epoch != head.epoch && store.head.seq >= head.seq)
        await store.close()
    }

    private func connectionHasNoTable(_ uri: String) throws -> Bool {
        try connection(uri).first("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") { $0.int(0) } == 0
    }
}

extension SQLiteConnection {
    /// Adds a row whose values are made of `number`; every second time NULL where that is allowed.
    fileprivate func insertRow(_ number: Int64, into table: String) throws {
        let columns = try query(#"SELECT name, type, "notnull" OR pk FROM pragma_table_info(?)"#, [.text(table)]) {
            (name: $0.text(0), type: $0.text(1), isNeeded: $0.int(2) == 1)
        }
        let values = columns.map { column -> SQLValue in
            if !column.isNeeded, number % 2 == 0 { return .null }
            return switch column.type {
            case "INTEGER": .integer(number)
            case "TEXT": .text("e\u{301}\0\(number)")
            default: .blob(number == 73 ? [] : [UInt8(number), 0, 255])
            }
        }
        let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        try run("INSERT INTO \(table) (\(columns.map(\.name).joined(separator: ", "))) VALUES (\(places))", values)
    }
}
