// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import DaemonSupport

@Suite("SQLiteConnection", .timeLimit(.minutes(2)))
struct SQLiteConnectionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func connection() throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: folder.file("a.sqlite"), mode: .readWriteCreate)
        try connection.useWriteAheadLog()
        try connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, value ANY UNIQUE)")
        return connection
    }

    @Test(
        "Every value is read as it was stored",
        arguments: [
            SQLValue.null, .integer(.min), .integer(.max), .real(0.1), .text(""), .text("é👍\u{0}end"), .blob([]),
            .blob([0, 1, 0, 255]),
        ])
    func values(value: SQLValue) throws {
        let connection = try connection()
        try connection.run("INSERT INTO item (value) VALUES (?)", value)
        let read = try connection.query("SELECT value FROM item") { row -> SQLValue in
            switch value {
            case .null: row.isNull(0) ? .null : .text("not NULL")
            case .integer: .integer(row.int(0))
            case .real: .real(row.double(0))
            case .text: .text(row.text(0))
            case .blob: .blob(row.blob(0))
            }
        }
        #expect(read == [value])
        #expect(connection.changes == 1)
    }

    @Test("NULL reads as nil, 0 or empty")
    func null() throws {
        let row = try connection().first("SELECT NULL") { row in
            #expect(row.isNull(0) && row.textOrNil(0) == nil && row.intOrNil(0) == nil && row.blobOrNil(0) == nil)
            return (row.int(0), row.text(0), row.blob(0))
        }
        #expect(row?.0 == 0 && row?.1 == "" && row?.2 == [])
    }

    @Test("A transaction that throws leaves nothing, and the connection still works")
    func rollback() throws {
        struct RefusedError: Error {}
        let connection = try connection()
        #expect(throws: RefusedError.self) {
            try connection.transaction {
                try connection.run("INSERT INTO item (value) VALUES (1)")
                throw RefusedError()
            }
        }
        try connection.transaction { try connection.run("INSERT INTO item (value) VALUES (2)") }
        #expect(try connection.query("SELECT value FROM item") { $0.int(0) } == [2])
    }

    @Test("A transaction whose commit fails leaves nothing, and the connection still works")
    func commitFails() throws {
        let connection = try connection()
        try connection.execute(
            "CREATE TABLE part (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)")
        let error = #expect(throws: SQLiteError.self) {
            try connection.transaction { try connection.run("INSERT INTO part VALUES (99)") }
        }
        #expect(error?.isConstraint == true)
        try connection.transaction { try connection.run("INSERT INTO item (value) VALUES (1)") }
        #expect(try connection.first("SELECT count(*) FROM part") { $0.int(0) } == 0)
    }

    @Test("The outer transaction goes on if an inner one is refused")
    func nested() throws {
        let connection = try connection()
        try connection.transaction {
            try connection.run("INSERT INTO item (value) VALUES (1)")
            #expect(throws: SQLiteError.self) { try connection.transaction {} }
        }
        #expect(try connection.first("SELECT count(*) FROM item") { $0.int(0) } == 1)
    }

    @Test("A statement is prepared once, a limited number is kept, and a statement can be nested in itself")
    func cache() throws {
        let connection = try connection()
        for value in 1...3 { try connection.run("INSERT INTO item (value) VALUES (?)", .integer(Int64(value))) }
        #expect(connection.statements.count == 1)
        let sql = "SELECT value FROM item WHERE value > ? ORDER BY value"
        let pairs = try connection.query(sql, [.integer(0)]) { outer in
            let value = outer.int(0)
            return try connection.query(sql, [.integer(value)]) { "\(value)<\($0.int(0))" }
        }
        #expect(pairs == [["1<2", "1<3"], ["2<3"], []])
        #expect(connection.statements.count == 2)
        for number in 0..<500 { try connection.run("SELECT \(number)") }
        #expect(connection.statements.count == 64)
    }

    @Test("forEach stops when asked to, and the stopped statement blocks nothing")
    func stops() throws {
        let connection = try connection()
        for value in 1...3 { try connection.run("INSERT INTO item (value) VALUES (?)", .integer(Int64(value))) }
        var seen: [Int64] = []
        try connection.forEach("SELECT value FROM item ORDER BY value") { row in
            seen.append(row.int(0))
            return seen.count < 2
        }
        #expect(seen == [1, 2])
        try connection.execute("DROP TABLE item")
    }

    @Test("An error names the file, the statement and SQLite's reason, but no value")
    func errorText() throws {
        let connection = try connection()
        let insert = "INSERT INTO item (value) VALUES (?)"
        try connection.run(insert, .text("secret"))
        let error = try #require(throws: SQLiteError.self) { try connection.run(insert, .text("secret")) }
        #expect(error.isConstraint)
        #expect(error.code == 2067, "SQLITE_CONSTRAINT_UNIQUE")
        let path = folder.file("a.sqlite")
        #expect(
            error.description
                == "\(path): UNIQUE constraint failed: item.value (SQLite code 2067) in: \(insert)"
        )
    }

    @Test(
        "A wrong number of values, and anything but one statement, is refused",
        arguments: ["SELECT ?, ?", "SELECT 1", "SELECT ?; SELECT 2", "", "-- nothing"])
    func misuse(sql: String) throws {
        let connection = try connection()
        #expect(throws: SQLiteError.self) { try connection.run(sql, .integer(1)) }
        #expect(throws: SQLiteError.self) { try connection.query(sql, [.integer(1)]) { _ in } }
    }

    @Test("A file that is no database, is missing or is damaged has its own error")
    func badFiles() throws {
        try folder.write(Array(String(repeating: "this is a diary ", count: 100).utf8), to: "diary")
        let diary = #expect(throws: SQLiteError.self) {
            try SQLiteConnection(path: folder.file("diary"), mode: .readWriteCreate)
        }
        #expect(diary?.isCorruption == true)
        let missing = #expect(throws: SQLiteError.self) {
            try SQLiteConnection(path: folder.file("missing"), mode: .readWrite)
        }
        #expect(missing?.description.contains("unable to open database file") == true)
        #expect(!folder.exists("missing"))

        let connection = try connection()
        for value in 0..<500 { try connection.run("INSERT INTO item (value) VALUES (?)", .text("row \(value)")) }
        try connection.close()
        var bytes = try folder.read("a.sqlite")
        bytes.replaceSubrange(4096..<12_288, with: repeatElement(0x5A, count: 8192))
        try folder.write(bytes, to: "a.sqlite")
        let damaged = try SQLiteConnection(path: folder.file("a.sqlite"), mode: .readWrite)
        let damage = #expect(throws: SQLiteError.self) {
            _ = try damaged.query("SELECT value FROM item ORDER BY id") { $0.text(0) }
        }
        #expect(damage?.isCorruption == true)
    }

    @Test("After a close the file alone is the database, and the connection refuses further use")
    func close() throws {
        let connection = try connection()
        let reader = try SQLiteConnection(path: connection.path, mode: .readOnly)
        #expect(try reader.first("SELECT count(*) FROM item") { $0.int(0) } == 0)
        try connection.run("INSERT INTO item (value) VALUES (1)")
        #expect(FileSystem.size(folder.file("a.sqlite-wal")) > 0)
        try connection.close()
        #expect(FileSystem.size(folder.file("a.sqlite-wal")) == 0, "a reader keeps the log, but it is empty")
        try connection.close()
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT 1") }
        #expect(throws: SQLiteError.self) { try connection.run("SELECT 1") }
    }

    @Test("A read-only transaction sees one state, and cannot write")
    func readOnly() throws {
        let writer = try connection()
        let reader = try SQLiteConnection(path: writer.path, mode: .readOnly)
        let count = { try reader.first("SELECT count(*) FROM item") { $0.int(0) } }
        try reader.transaction {
            #expect(try count() == 0)
            try writer.run("INSERT INTO item (value) VALUES (1)")
            #expect(try count() == 0)
        }
        #expect(try count() == 1)
        let error = #expect(throws: SQLiteError.self) { try reader.execute("DELETE FROM item") }
        #expect(error?.description.contains("attempt to write a readonly database") == true)
    }
}
