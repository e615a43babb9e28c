// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@testable import julesd

@Suite("The store's server", .timeLimit(.minutes(2)))
struct StoreServerTests {
    @Test(
        "An old server and a standby are refused",
        arguments: [
            (90_600, false, "PostgreSQL 9: julesd needs 13"), (129_999, false, "PostgreSQL 12: julesd needs 13"),
            (130_000, true, "standby"), (130_000, false, nil), (180_000, false, nil),
        ] as [(Int, Bool, String?)])
    func servers(version: Int, isStandby: Bool, words: String?) {
        let error = { () throws(StoreError) in
            try PostgreSQLSchema.check(serverVersion: version, isStandby: isStandby)
        }
        guard let words else {
            #expect(throws: Never.self) { try error() }
            return
        }
        let refusal = #expect(throws: StoreError.self) { try error() }
        #expect(refusal.map { "\($0)".contains(words) && $0.exitStatus == .storage } == true)
    }

    @Test("A newer schema is used if it says that this release may, and refused otherwise")
    func newerSchema() async throws {
        let uri = try PostgreSQLServer.database()
        let server = StoreServer(uri: Secret(uri))
        #expect(try server.prepare() == PostgreSQLSchema.version)
        let admin = try PostgreSQLConnection(uri: uri, application: "test")
        try admin.run("UPDATE schema_version SET version = 99")
        let store = SessionStore(try await PostgreSQLEngine.open(at: uri, instance: "test"))
        try await store.record([session("1")], as: .live, at: .now)
        await store.close()
        #expect(try server.prepare() == 99)
        try admin.run("UPDATE schema_version SET oldest = 98")
        let refusal = #expect(throws: StoreError.self) { try server.prepare() }
        #expect(refusal.map { "\($0)".contains("a release that knows version 98") } == true)
    }

    @Test(
        "Each refusal of a server at work has its advice, the right exit status, and no statement",
        arguments: [
            ("53100", "could not extend file", "make room on the server's disk"),
            ("25006", "cannot execute INSERT in a read-only transaction", "name the primary"),
            ("42501", "permission denied for table delta", "let the role own"),
            ("55P03", "canceling statement due to lock timeout", "try again later"),
            (nil, "connection to server failed: FATAL:  the database system is starting up", "wait until"),
            (nil, "connection to server failed: timeout expired", "drops packets"),
        ] as [(String?, String, String)])
    func advice(state: String?, message: String, advice: String) {
        let error = StoreError(PostgreSQLError(sqlState: state, message: message, sql: "INSERT INTO delta"))
        #expect("\(error)".contains(message) && "\(error)".contains(advice) && !"\(error)".contains(" in: "))
        #expect(error.exitStatus == .storage)
    }

    @Test("An error in a statement is a fault of the program, and shows the statement in one line")
    func fault() {
        let error = StoreError(PostgreSQLError(sqlState: "42601", message: "syntax error", sql: "SELEC\n1"))
        #expect("\(error)".contains("in: SELEC; 1") && error.exitStatus == .software)
    }
}
