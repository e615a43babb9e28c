// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("Migrator", .timeLimit(.minutes(2)))
struct MigratorTests {
    private let connection: SQLiteConnection
    private let first = Migration(version: 1, sql: "CREATE TABLE a (x); CREATE TABLE b (x)")
    private let second = Migration(version: 2) { try $0.run("INSERT INTO a VALUES (?)", .integer(7)) }

    init() throws {
        connection = try SQLiteConnection(path: ":memory:", mode: .readWriteCreate)
    }

    private func migrate(_ migrations: Migration...) throws {
        try Migrator(applicationID: 0x4A_554C, migrations: migrations).migrate(connection)
    }

    private func number(_ sql: String) throws -> Int64? { try connection.first(sql) { $0.int(0) } }

    @Test("Each step runs once and in order, and the file is marked as ours")
    func steps() throws {
        try migrate(first)
        #expect(try number("PRAGMA user_version") == 1)
        #expect(try number("PRAGMA application_id") == 0x4A_554C)
        try migrate(first, second)
        try migrate(first, second)
        #expect(try connection.query("SELECT x FROM a") { $0.int(0) } == [7])
        #expect(try number("PRAGMA user_version") == 2)
    }

    @Test("If a step fails half-way, the last good version stays")
    func failure() throws {
        let broken = Migration(version: 2, sql: "CREATE TABLE c (x); INSERT INTO missing VALUES (1)")
        #expect(throws: SQLiteError.self) { try migrate(first, broken) }
        #expect(try number("SELECT count(*) FROM sqlite_schema") == 0)
        try migrate(first)
        #expect(throws: SQLiteError.self) { try migrate(first, broken) }
        #expect(try number("PRAGMA user_version") == 1)
        #expect(try number("SELECT count(*) FROM sqlite_schema WHERE name = 'c'") == 0)
        try migrate(first, second)
        #expect(try number("PRAGMA user_version") == 2)
    }

    @Test("A newer file is refused, and the error names both versions")
    func newer() throws {
        try migrate(first, second)
        let error = #expect(throws: MigrationError.self) { try migrate(first) }
        #expect(error == .newer(path: ":memory:", found: 2, known: 1))
        #expect(error?.description.contains("version 2") == true && error?.description.contains("up to 1") == true)
    }

    @Test(
        "A file of another application stays as it is",
        arguments: [
            ("CREATE TABLE theirs (x)", 0), ("PRAGMA application_id = 5", 5),
            ("PRAGMA application_id = -5; CREATE TABLE theirs (x)", -5),
        ] as [(String, Int32)])
    func foreign(sql: String, id: Int32) throws {
        try connection.execute(sql)
        #expect(throws: MigrationError.foreign(path: ":memory:", applicationID: id)) { try migrate(first) }
        #expect(try number("SELECT count(*) FROM sqlite_schema WHERE name = 'a'") == 0)
        #expect(try number("PRAGMA application_id") == Int64(id))
    }
}
