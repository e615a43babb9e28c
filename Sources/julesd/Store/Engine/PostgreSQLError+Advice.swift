// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension PostgreSQLError {
    /// The error and what an administrator can do about it.
    var withAdvice: String { advice.map { "\(self); \($0)" } ?? "\(self)" }

    private var advice: String? {
        switch sqlState {
        case "53100": "make room on the server's disk"
        case "25006": Self.readOnly
        case "42501":
            "let the role own the schema and the tables, or grant it CREATE on the one and everything on the other"
        case "3F000": "create a schema for the role's search_path, and grant it CREATE on that"
        case "55P03": "another process works on the tables: try again later"
        case nil: Self.ofLibrary.first { message.contains($0.words) }?.advice
        default: nil
        }
    }

    private static let readOnly =
        "the server takes no writes (a standby, or default_transaction_read_only): name the primary in STORE, or all hosts"

    /// A failure to connect has no SQLSTATE, only libpq's or the server's words.
    private static let ofLibrary: [(words: String, advice: String)] = [
        ("could not translate host name", "correct the host in STORE, or the name service"),
        ("password authentication failed", "correct user and password in STORE"),
        ("no password supplied", "add the password to STORE"),
        ("no pg_hba.conf entry", "allow this host, user and database in the server's pg_hba.conf"),
        ("session is read-only", readOnly), ("hot standby", readOnly),
        ("too many c", tooMany), ("connection slots", tooMany),
        ("database \"", "create the database (createdb), or correct its name in STORE"),
        ("role \"", "create the role (createuser), or correct the user in STORE"),
        ("certificate", "correct sslmode, sslrootcert and the host in STORE, or the server's certificate"),
        ("starting up", "wait until the server has started"),
        ("Connection refused", "start the server, or correct host and port in STORE"),
        ("No such file or directory", "start the server, or correct the host in STORE"),
        ("timeout expired", "check that the server runs, and that nothing between here and there drops packets"),
    ]

    private static let tooMany =
        "raise max_connections or the limit of the role or database; each instance takes four connections"
}
