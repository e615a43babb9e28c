// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import DaemonSupport

@Suite("PostgreSQL", .timeLimit(.minutes(2)))
struct PostgreSQLConnectionTests {
    private func connection(patience: Duration = .seconds(10)) throws -> PostgreSQLConnection {
        try PostgreSQLConnection(uri: PostgreSQLServer.database(), application: "test", patience: patience)
    }

    @Test("Every kind of value comes back as it went in.")
    func values() throws {
        let connection = try connection()
        try connection.execute("CREATE TABLE t (n bigint, r double precision, t text, b bytea, small integer)")
        let rows: [(Int64, Double, String, [UInt8])] = [
            (.min, -.pi, "", []), (.max, 1e300, "'é\u{1F600}?\n", [0, 255, 0]), (0, 0, "x", [1]), (-1, -0.5, "$1", [0]),
        ]
        for row in rows {
            try connection.run(
                "INSERT INTO t VALUES (?, ?, ?, ?, -7)", .integer(row.0), .real(row.1), .text(row.2), .blob(row.3))
            #expect(connection.changes == 1)
        }
        let read = try connection.query("SELECT n, r, t, b, small FROM t") {
            ($0.int(0), $0.double(1), $0.text(2), $0.blob(3), $0.int(4))
        }
        #expect(read.map(\.0) == rows.map(\.0))
        #expect(read.map(\.1) == rows.map(\.1))
        #expect(read.map(\.2) == rows.map(\.2))
        #expect(read.map(\.3) == rows.map(\.3))
        #expect(read.allSatisfy { $0.4 == -7 })
    }

    @Test("NULL goes in and comes out, also as the first value of a statement.")
    func null() throws {
        let connection = try connection()
        try connection.execute("CREATE TABLE t (n bigint, t text, b bytea)")
        try connection.run("INSERT INTO t VALUES (?, ?, ?)", .null, .null, .null)
        try connection.run("INSERT INTO t VALUES (?, ?, ?)", .integer(1), .text("a"), .blob([1]))
        let read = try connection.query("SELECT n, t, b FROM t ORDER BY n NULLS FIRST") {
            ($0.intOrNil(0), $0.textOrNil(1), $0.blobOrNil(2))
        }
        #expect(read.map(\.0) == [nil, 1])
        #expect(read.map(\.1) == [nil, "a"])
        #expect(read.map(\.2) == [nil, [1]])
    }

    @Test(
        "A sum, which PostgreSQL gives as numeric, is read whole.",
        arguments: [0, 1, -1, 9_999, 10_000, 100_000_000, -12_345_678_901_234, Int64.max / 2])
    func sums(value: Int64) throws {
        let connection = try connection()
        let sum = try connection.first(
            "SELECT sum(n) FROM (VALUES (?1::bigint), (0), (?1::bigint)) AS v(n)", [.integer(value)]
        ) { $0.int(0) }
        #expect(sum == 2 * value)
    }

    @Test(
        "Placeholders are numbered, and quoted text is left alone.",
        arguments: [
            ("a = ? AND b = ?", "a = $1 AND b = $2"), ("?1, ?2, ?1, ?10", "$1, $2, $1, $10"),
            ("'?' || ? || \"a?\"", "'?' || $1 || \"a?\""), ("''", "''"), ("'it''s ?' ?", "'it''s ?' $1"),
        ])
    func placeholders(given: String, wanted: String) throws {
        let connection = try connection()
        _ = connection
        #expect(given.withNumberedPlaceholders == wanted)
    }

    @Test("However many statements there are, the server keeps a bounded number, and each works again.")
    func manyStatements() throws {
        let connection = try connection()
        for _ in 0..<2 {
            for number in 0..<300 {
                #expect(try connection.first("SELECT \(number) + ?", [.integer(1)]) { $0.int(0) } == Int64(number + 1))
            }
        }
        let kept = try connection.first("SELECT count(*) FROM pg_prepared_statements") { $0.int(0) } ?? 0
        #expect((1...256).contains(kept))
    }

    @Test("Nothing of a transaction stays that fails, and the connection goes on.")
    func rollback() throws {
        let connection = try connection()
        try connection.execute("CREATE TABLE t (n bigint UNIQUE)")
        let error = #expect(throws: PostgreSQLError.self) {
            try connection.transaction {
                try connection.run("INSERT INTO t VALUES (?)", .integer(1))
                try connection.run("INSERT INTO t VALUES (?)", .integer(1))
            }
        }
        #expect(error?.isConstraint == true)
        #expect(error?.isConnectionLost == false)
        #expect(try connection.first("SELECT count(*) FROM t") { $0.int(0) } == 0)
    }

    @Test("A statement that takes too long ends the connection and says so.")
    func slowStatement() throws {
        let connection = try connection(patience: .seconds(2))
        try connection.execute("SET statement_timeout = 0")
        let error = #expect(throws: PostgreSQLError.self) { try connection.run("SELECT pg_sleep(30)") }
        #expect(error?.isConnectionLost == true)
        #expect(!connection.isOpen)
        #expect(throws: PostgreSQLError.self) { try connection.run("SELECT 1") }
    }

    @Test("A notification of another connection arrives with its text.")
    func notification() throws {
        let uri = try PostgreSQLServer.database()
        let listener = try PostgreSQLConnection(uri: uri, application: "test")
        let speaker = try PostgreSQLConnection(uri: uri, application: "test")
        try listener.execute("LISTEN julesd")
        #expect(try listener.notifications(within: .zero).isEmpty)
        try speaker.run("SELECT pg_notify('julesd', ?)", .text("17"))
        #expect(try listener.notifications(within: .seconds(20)) == ["17"])
    }

    @Test("A connection that the server ends is made again at the next use, and the call that lost it fails.")
    func reconnection() async throws {
        let uri = try PostgreSQLServer.database()
        let database = PostgreSQLDatabase(uri: uri, application: "lost")
        let process = try await database.with { try $0.first("SELECT pg_backend_pid()") { $0.int(0) } } ?? 0
        let other = try PostgreSQLConnection(uri: uri, application: "test")
        try other.run("SELECT pg_terminate_backend(?::int)", .integer(process))
        await #expect(throws: PostgreSQLError.self) { try await database.with { try $0.run("SELECT 1") } }
        #expect(database.failureCount == 1)
        #expect(try await database.with { try $0.first("SELECT 2") { $0.int(0) } } == 2)
    }

    @Test("What is wrong with the way to a server is told without the password.")
    func refusal() throws {
        let uri = try PostgreSQLServer.database().replacing("user=julesd", with: "user=nobody&password=geheim")
        let error = #expect(throws: PostgreSQLError.self) {
            try PostgreSQLConnection(uri: uri, application: "test")
        }
        #expect(error.map { "\($0)".contains("nobody") } == true)
        #expect(error.map { "\($0)".contains("geheim") } == false)
    }

    @Test("Rows that are copied in come back as they went in, only that text has U+FFFD for U+0000.")
    func copies() throws {
        let connection = try connection()
        try connection.execute("CREATE TABLE t (number bigint, r double precision, t text, b bytea)")
        let rows: [[SQLValue]] =
            [
                [.integer(.min), .real(-.pi), .text(""), .blob([])], [.null, .null, .null, .null],
                [.integer(2), .real(0), .text("e\u{301}\u{1F600}\\N\n"), .blob(Array(repeating: 7, count: 300_000))],
            ] + (3..<5000).map { [.integer($0), .null, .text("row \($0)"), .blob([0, 255])] }
        try connection.transaction {
            try connection.copy(into: "t", ["number", "r", "t", "b"]) { append in for row in rows { try append(row) } }
            try connection.copy(into: "t", ["t"]) { try $0([.text("a\0b")]) }
        }
        let read = try connection.query("SELECT number, r, t, b FROM t ORDER BY ctid") { row in
            (0..<4).map { row.value($0) }
        }
        #expect(read.dropLast() == rows[...])
        #expect(read.last == [.null, .null, .text("a\u{FFFD}b"), .null])
    }

    @Test("A copy that its caller gives up or that the server refuses leaves no row, and the connection goes on.")
    func failedCopies() throws {
        let connection = try connection()
        try connection.execute("CREATE TABLE t (n bigint CHECK (n < 100000))")
        #expect(throws: CancellationError.self) {
            try connection.copy(into: "t", ["n"]) { append in
                for number in Int64(0)..<20_000 { try append([.integer(number)]) }
                throw CancellationError()
            }
        }
        let refusal = #expect(throws: PostgreSQLError.self) {
            try connection.copy(into: "t", ["n"]) { append in
                for number in Int64(99_000)..<110_000 { try append([.integer(number)]) }
            }
        }
        #expect(refusal?.isConstraint == true)
        let absent = #expect(throws: PostgreSQLError.self) {
            try connection.copy(into: "t", ["x"]) { _ in Issue.record("there is no such column") }
        }
        #expect(absent?.sqlState == "42703")
        #expect(try connection.first("SELECT count(*) FROM t") { $0.int(0) } == 0)
    }

    @Test("Rows that come one by one are the same, and the connection can be used again after any end.")
    func streams() throws {
        let connection = try connection()
        connection.streamsRows = true
        let sql = "SELECT n FROM generate_series(1, 5000) AS s(n)"
        #expect(try connection.query(sql) { $0.int(0) } == Array(1...5000))
        #expect(try connection.first(sql) { $0.int(0) } == 1)
        #expect(throws: CancellationError.self) { try connection.forEach(sql) { _ in throw CancellationError() } }
        let error = #expect(throws: PostgreSQLError.self) {
            try connection.forEach("SELECT 1 / (n - 3000) FROM generate_series(1, 5000) AS s(n)") { _ in true }
        }
        #expect(error?.sqlState == "22012")
        #expect(try connection.query("SELECT 1 WHERE false") { $0.int(0) }.isEmpty)
        #expect(try connection.transaction { try connection.first("SELECT 2") { $0.int(0) } } == 2)
    }

    @Test(
        "What libpq does not take in a URI is told apart from a server that cannot be reached.",
        arguments: [
            ("postgresql:///d?sslmod=require", true), ("postgresql:///d?password=a&geheim=b", true),
            ("postgresql:///d?sslmode=perhaps", true),
            ("postgresql:///d?port=soon", true), ("postgresql:///d?host=a,b&port=1,2,3", true),
            ("postgresql:///d?host=/nowhere", false), ("postgresql://127.0.0.1:1/d", false),
        ])
    func wrongURIs(uri: String, isWrong: Bool) {
        let error = #expect(throws: PostgreSQLError.self) { try PostgreSQLConnection(uri: uri, application: "test") }
        #expect(error?.isWrongURI == isWrong, "\(String(describing: error))")
        #expect(error.map { !"\($0)".contains("geheim") } == true)
    }
}
