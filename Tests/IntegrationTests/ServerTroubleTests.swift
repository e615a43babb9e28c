// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

/// What is wrong with STORE, or with the server that it names, is told in one sentence with what to do.
@Suite("Trouble with the PostgreSQL server", .timeLimit(.minutes(5)))
struct ServerTroubleTests {
    /// One trouble: the statements that cause it, the change to the URI of a new database, and what is told.
    struct Trouble: Sendable, CustomTestStringConvertible {
        var cause: String
        var sql = ""
        var replacing = ""
        var with = ""
        var status: Int32 = 74
        var words: [String]

        var testDescription: String { cause }
    }

    static let password = "hunter2"

    static let troubles = [
        Trouble(
            cause: "wrong syntax", replacing: "postgresql:", with: "postgresql:\(password)@", status: 78,
            words: ["STORE", "postgresql://"]),
        Trouble(
            cause: "unknown option", replacing: "?", with: "?sslmod=x&password=\(password)&", status: 78,
            words: ["STORE", "parameter", "libpq"]),
        Trouble(
            cause: "wrong value of an option", replacing: "?", with: "?sslmode=x&", status: 78,
            words: ["STORE", "sslmode"]),
        Trouble(
            cause: "unknown host", replacing: "host=", with: "password=\(password)&host=nowhere.invalid&passfile=",
            words: ["nowhere.invalid", "correct the host"]),
        Trouble(
            cause: "no server", replacing: "host=", with: "host=127.0.0.1&port=1&passfile=",
            words: ["Connection refused", "start the server"]),
        Trouble(cause: "no such database", replacing: "///", with: "///x", words: ["does not exist", "createdb"]),
        Trouble(
            cause: "no such role", replacing: "user=julesd", with: "user=nobody",
            words: ["does not exist", "createuser"]),
        Trouble(
            cause: "wrong password", sql: "CREATE ROLE secured LOGIN PASSWORD 'x'", replacing: "user=julesd",
            with: "user=secured&password=\(password)",
            words: ["password authentication failed", "correct user and password"]),
        Trouble(
            cause: "role without CREATE", sql: "CREATE ROLE plain LOGIN", replacing: "user=julesd", with: "user=plain",
            words: ["permission denied for schema public", "grant it CREATE"]),
        Trouble(
            cause: "role without SELECT", sql: "CREATE ROLE blind LOGIN; " + ownTables, replacing: "user=julesd",
            with: "user=blind", words: ["permission denied for table schema_version", "let the role own"]),
        Trouble(
            cause: "role without a schema", sql: "CREATE ROLE lost LOGIN; ALTER ROLE lost SET search_path = nowhere",
            replacing: "user=julesd", with: "user=lost", words: ["no schema has been selected", "search_path"]),
        Trouble(
            cause: "limit of connections", sql: "CREATE ROLE crowd LOGIN CONNECTION LIMIT 0",
            replacing: "user=julesd", with: "user=crowd", words: ["too many connections", "four connections"]),
        Trouble(
            cause: "a table log of another program", sql: "CREATE TABLE log (line text)",
            words: ["another program", "\"log\"", "a database of its own"]),
        Trouble(
            cause: "a view session of another program", sql: "CREATE VIEW session AS SELECT 1",
            words: ["another program", "\"session\"", "a database of its own"]),
        Trouble(
            cause: "an index of another program", sql: "CREATE TABLE t (i int); CREATE INDEX decision_due ON t (i)",
            words: ["another program", "\"decision_due\"", "a database of its own"]),
        Trouble(
            cause: "another program's schema_version", sql: "CREATE TABLE schema_version (version int)",
            words: ["schema_version is another program's", "a database of its own"]),
        Trouble(
            cause: "another application's schema_version",
            sql: ownTables + "UPDATE schema_version SET application = 'other'",
            words: ["schema_version is another program's", "a database of its own"]),
        Trouble(
            cause: "a newer schema", sql: ownTables + "UPDATE schema_version SET version = 9, oldest = 8",
            words: ["schema version 9", "knows version 8", "install the release"]),
        Trouble(
            cause: "no writes", sql: readOnly,
            words: ["read-only", "name the primary"]),
        Trouble(
            cause: "no writes, and any server taken", sql: readOnly,
            replacing: "?", with: "?target_session_attrs=any&", words: ["read-only", "name the primary"]),
    ]

    private static let readOnly = """
        DO $$ BEGIN
            EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
        END $$
        """

    /// The table by which a database is known to be ours.
    private static let ownTables = """
        CREATE TABLE schema_version (application text, version bigint, oldest bigint, later bool);
        INSERT INTO schema_version VALUES ('julesd', 1, 1); 
        """

    @Test("Without libpq, or with one that cannot be loaded, the error names the package")
    func library() async throws {
        let folder = try TemporaryFolder()
        try folder.write("no library", to: "libpq.so.5")
        var launch = Launch(["verify", "--config", "/dev/null"])
        launch.environment = [
            "STORE": "postgresql:///d", "LOCAL_TOKEN": Launch.token, "JULES_API_BASE": "http://127.0.0.1:1",
            "LD_LIBRARY_PATH": folder.path,
        ]
        let end = try await run(launch)
        #expect(end.status == 74 && end.error.contains("install the package libpq5"), "\(end)")
    }

    @Test("A daemon does not start, and the log has one entry that says what to do", arguments: troubles)
    func start(trouble: Trouble) async throws {
        let uri = try PostgreSQLServer.database()
        if !trouble.sql.isEmpty { try PostgreSQLConnection(uri: uri, application: "test").execute(trouble.sql) }
        let store = trouble.replacing.isEmpty ? uri : uri.replacing(trouble.replacing, with: trouble.with)
        var launch = Launch(["run", "--config", "/dev/null"])
        launch.environment = [
            "STORE": store, "JULES_API_KEY": "k", "LOCAL_TOKEN": Launch.token, "PORT": "0", "LOG_FORMAT": "json",
            "JULES_API_BASE": "http://127.0.0.1:1",
        ]
        let end = try await run(launch)
        #expect(end.status == trouble.status, "\(end)")
        let entries = end.output.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        let errors = entries.filter { $0["level"] == 50 }.compactMap { $0["text"]?.string }
        #expect(errors.count == 1, "\(end)")
        for words in trouble.words { #expect(errors.first?.contains(words) == true, "\(words): \(errors)") }
        for words in [Self.password, "CREATE TABLE schema_version", "fault of julesd"] {
            #expect(!(end.output + end.error).contains(words), "\(end)")
        }

        launch.arguments[0] = "verify"
        let check = try await run(launch)
        #expect(check.status != 0 && check.status != 70, "\(check)")
        #expect(!(check.output + check.error).contains(Self.password))
        // Nothing half-made is left.
        let watcher = try PostgreSQLConnection(
            uri: uri.replacing("user=julesd", with: "user=julesd&target_session_attrs=any"), application: "test")
        #expect(try watcher.first("SELECT to_regclass('delta') IS NULL") { $0.int(0) } == 1)
    }
}
