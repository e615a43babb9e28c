// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The store on a PostgreSQL server, for a verb.
struct StoreServer: Sendable {
    /// See `PostgreSQLConnection`.
    let uri: Secret

    /// Opens the store to read it. Rows come one by one, and each transaction sees one state of the store.
    ///
    /// - Throws: `StoreError`, `PostgreSQLError`.
    func openToRead() throws -> PostgreSQLConnection {
        let connection = try connect()
        guard try PostgreSQLSchema.isThere(connection) else {
            throw StoreError.refused(
                "the database has no store yet: the daemon makes one when it starts, and \"julesd migrate --to\" moves one there"
            )
        }
        connection.streamsRows = true
        try connection.execute(
            "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on")
        return connection
    }

    /// Opens the database to move a store there.
    ///
    /// - Throws: `StoreError`, `PostgreSQLError`.
    func openToFill() throws -> PostgreSQLConnection { try connect() }

    /// Creates the tables if they are not there. Returns the version of their schema.
    ///
    /// - Throws: `StoreError`, `PostgreSQLError`.
    func prepare() throws -> Int64 {
        let connection = try connect()
        try PostgreSQLSchema.prepare(connection)
        return try connection.first("SELECT version FROM schema_version") { $0.int(0) } ?? 0
    }

    /// A connection whose statements may take long. If this process or the way to it is gone, the server notices within a minute and
    /// rolls back.
    private func connect() throws -> PostgreSQLConnection {
        let connection = try PostgreSQLConnection(uri: uri.reveal(), application: "julesd verb")
        connection.patience = PostgreSQLEngine.longPatience
        try connection.execute(
            """
            SET statement_timeout = 0; SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s';
            SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3
            """)
        try PostgreSQLSchema.checkServer(connection)
        return connection
    }
}
