// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The store's tables on a server.
///
/// Instances of two releases may use them at the same time during an upgrade, so a step only adds: the older release goes on
/// working. `schema_version.oldest` is the lowest version that a release must know for that.
enum PostgreSQLSchema {
    static let application = "julesd"

    /// The version that this release makes, and the lowest one that a release must know to work with it.
    static let version: Int64 = 1
    static let oldest: Int64 = 1

    /// The lowest server version, as libpq counts: PostgreSQL 13.
    static let oldestServer = 130_000

    /// Locks the creation of the tables: several instances may start at once.
    private static let creationLock: Int64 = 0x6A75_6C65_7364

    /// Creates the tables in the first schema of the role's search_path if they are not there.
    ///
    /// - Throws: `StoreError` if the tables are another program's or too new, or the server is too old or a standby;
    ///   otherwise `PostgreSQLError`.
    static func prepare(_ connection: PostgreSQLConnection) throws {
        try checkServer(connection)
        try connection.transaction { _ = try createTables(connection) }
    }

    /// The same in the present transaction. Until it ends, nobody else creates or fills the tables.
    ///
    /// - Returns: whether they were not there.
    static func createTables(_ connection: PostgreSQLConnection) throws -> Bool {
        try connection.run("SELECT pg_advisory_xact_lock(?)", .integer(creationLock))
        guard try !isThere(connection) else { return false }
        do { try connection.execute(tables) } catch {
            guard error.existsAlready else { throw error }
            throw StoreError.refused(
                "where julesd's tables would be, the database has those of another program (\(error.message)): \(ownPlace)"
            )
        }
        try connection.run(
            "INSERT INTO schema_version (application, version, oldest) VALUES (?, ?, ?)", .text(application),
            .integer(version), .integer(oldest))
        return true
    }

    /// Whether the tables are there.
    ///
    /// - Throws: as ``prepare(_:)``.
    static func isThere(_ connection: any SQLConnection) throws -> Bool {
        guard let columns = try connection.columns(of: "schema_version") else { return false }
        guard columns.isSuperset(of: ["application text", "version bigint", "oldest bigint"]) else { throw foreign }
        let found = try connection.first("SELECT application, version, oldest FROM schema_version") {
            (application: $0.text(0), version: $0.int(1), oldest: $0.int(2))
        }
        guard let found, found.application == application else { throw foreign }
        guard found.oldest <= version else {
            throw StoreError.refused(
                """
                the database has schema version \(found.version), which needs a release that knows version \(found.oldest); this \
                one knows \(version): install the release of the other instances
                """)
        }
        return true
    }

    private static let ownPlace =
        "give julesd a database of its own, or a schema of its own that comes first in its role's search_path"
    private static let foreign = StoreError.refused("the table schema_version is another program's: \(ownPlace)")

    static func checkServer(_ connection: PostgreSQLConnection) throws {
        try check(
            serverVersion: connection.serverVersion,
            isStandby: try connection.first("SELECT pg_is_in_recovery()") { $0.int(0) == 1 } ?? false)
    }

    /// - Parameter serverVersion: as libpq counts, like 150018 for 15.18.
    static func check(serverVersion: Int, isStandby: Bool) throws(StoreError) {
        guard serverVersion >= oldestServer else {
            throw .refused(
                "the server is PostgreSQL \(serverVersion / 10_000): julesd needs \(oldestServer / 10_000) or newer")
        }
        guard !isStandby else {
            throw .refused(
                "the server is a standby, which takes no writes: name the primary in STORE, or every host with target_session_attrs=read-write"
            )
        }
    }

    private static let tables = """
        CREATE TABLE schema_version (
            application text NOT NULL,
            version bigint NOT NULL,
            oldest bigint NOT NULL   -- the lowest version that a release must know to use these tables
        );
        CREATE TABLE log (
            one bigint PRIMARY KEY CHECK (one = 1),
            epoch text NOT NULL,
            origin bigint NOT NULL,   -- the seq below the epoch's first delta
            head bigint NOT NULL,
            baseline bigint NOT NULL DEFAULT 0,   -- 1 once the whole account has been read
            mark text,   -- of the server's history in which the epoch began
            earlier_mark text,
            writes bigint NOT NULL DEFAULT 0,   -- every transaction that changes something counts it up
            term bigint NOT NULL DEFAULT 0,   -- counted up by each new leader, whose transactions check it
            leader text,   -- its name
            steady bigint, wall bigint, since_boot bigint,   -- of the last transaction: times by the server's clock
            believed_wall bigint, believed_time bigint, doubted bigint,   -- for the retention
            account text   -- digest of the address and the key that have shown the account last
        );
        CREATE TABLE session (
            number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            id text COLLATE "C" NOT NULL UNIQUE,
            created bigint NOT NULL,   -- nanoseconds since the epoch, like every time here
            state text COLLATE "C" NOT NULL,
            repository text COLLATE "C" NOT NULL,
            archived bigint NOT NULL,
            waiting bigint, unread bigint, silent bigint,
            search text NOT NULL,
            body bytea NOT NULL,
            attention text COLLATE "C", attention_since bigint, ended bigint, unconfirmed bigint, pruned bigint,
            read_state text, activities_unread bigint
        );
        CREATE INDEX session_newest ON session (archived, created DESC, id DESC);
        CREATE INDEX session_newest_of_all ON session (created DESC, id DESC);
        CREATE INDEX session_state ON session (archived, state, created DESC, id DESC);
        CREATE INDEX session_repository ON session (repository, archived, created DESC, id DESC);
        CREATE INDEX session_silent ON session (silent) WHERE silent IS NOT NULL;
        CREATE INDEX session_inbox ON session (attention_since, id, attention) WHERE attention IS NOT NULL;
        CREATE INDEX session_activities_unread ON session (activities_unread) WHERE activities_unread IS NOT NULL;
        CREATE TABLE delta (
            seq bigint PRIMARY KEY,
            session text NOT NULL,
            change text NOT NULL,
            reason text,
            finished bigint NOT NULL,
            at bigint NOT NULL,
            ends bigint NOT NULL,   -- bytes of all bodies up to and with this one
            body bytea NOT NULL
        );
        CREATE TABLE activity (
            number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            session text COLLATE "C" NOT NULL,
            id text COLLATE "C" NOT NULL,
            created bigint NOT NULL,
            kind text NOT NULL,
            body bytea NOT NULL,
            UNIQUE (session, id)
        );
        CREATE INDEX activity_oldest ON activity (session, created, number);
        CREATE TABLE keyed_request (
            key text COLLATE "C" PRIMARY KEY,
            target text NOT NULL,
            digest bytea NOT NULL,
            began bigint NOT NULL,
            tried bigint NOT NULL,
            kept bigint NOT NULL,
            known bytea NOT NULL DEFAULT '[]',
            outcome text,
            answer bytea
        );
        CREATE TABLE endpoint (
            number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            key text NOT NULL UNIQUE,
            name text NOT NULL
        );
        CREATE TABLE delivery (
            number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            id text NOT NULL UNIQUE,
            endpoint bigint NOT NULL REFERENCES endpoint,
            seq bigint NOT NULL,
            session text COLLATE "C" NOT NULL,
            state text NOT NULL,
            attempts bigint NOT NULL DEFAULT 0,
            failures bigint NOT NULL DEFAULT 0,
            refusals bigint NOT NULL DEFAULT 0,
            began bigint NOT NULL,
            due bigint,
            status bigint,
            error text,
            created bigint NOT NULL,
            delivered bigint,
            ended text,
            body bytea
        );
        CREATE INDEX delivery_due ON delivery (endpoint, due) WHERE due IS NOT NULL;
        CREATE INDEX delivery_order ON delivery (endpoint, session, seq) WHERE state = 'pending';
        CREATE INDEX delivery_state ON delivery (state, number);
        CREATE INDEX delivery_seq ON delivery (seq);
        CREATE INDEX delivery_age ON delivery (created) WHERE state <> 'pending';
        CREATE TABLE queue_entry (
            number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            id text NOT NULL UNIQUE,
            state text NOT NULL,
            priority bigint NOT NULL,
            queued bigint NOT NULL,
            repository text NOT NULL,
            title text NOT NULL,
            request bytea NOT NULL,
            key text COLLATE "C" NOT NULL,
            uncertain bigint NOT NULL DEFAULT 0,
            refusals bigint NOT NULL DEFAULT 0,
            session text,
            detail text,
            ended bigint,
            decision text,
            asked bigint
        );
        CREATE INDEX queue_open ON queue_entry (priority DESC, number) WHERE ended IS NULL;
        CREATE INDEX queue_open_key ON queue_entry (key) WHERE ended IS NULL;
        CREATE INDEX queue_ended ON queue_entry (ended) WHERE ended IS NOT NULL;
        CREATE UNIQUE INDEX queue_decision ON queue_entry (decision) WHERE decision IS NOT NULL;
        CREATE TABLE deleted_session (id text COLLATE "C" PRIMARY KEY, created bigint NOT NULL);
        CREATE TABLE rule (name text PRIMARY KEY, since bigint NOT NULL);
        CREATE TABLE decision (
            number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            id text NOT NULL UNIQUE,
            at bigint NOT NULL,
            rule text NOT NULL,
            file text NOT NULL,
            session text NOT NULL,
            event text NOT NULL,
            reason text NOT NULL,
            action text NOT NULL,
            plan text,
            text text,
            chain text NOT NULL,
            due bigint NOT NULL,
            began bigint,
            tried bigint,
            state text NOT NULL,
            detail text,
            outcome text,
            UNIQUE (session, event)
        );
        CREATE INDEX decision_due ON decision (due) WHERE state = 'waiting';
        CREATE INDEX decision_chain ON decision (rule, chain);
        CREATE INDEX decision_hour ON decision (rule, began) WHERE began IS NOT NULL;
        CREATE INDEX decision_outcome ON decision (outcome) WHERE outcome IS NOT NULL;
        -- What only instances that share a store need.
        CREATE TABLE instance (
            id text COLLATE "C" PRIMARY KEY,   -- of one run of one instance
            seen bigint NOT NULL   -- when it was last heard, by the server's clock
        );
        CREATE TABLE key_claim (   -- what only one instance at a time may work on, such as a request with a key
            key text COLLATE "C" PRIMARY KEY,
            instance text NOT NULL
        );
        CREATE TABLE upstream_request (   -- those to the API within the budget's window
            number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            at bigint NOT NULL,   -- by the server's clock
            purpose bigint NOT NULL
        );
        """
}

extension SQLConnection {
    /// The columns of a table or view in the first schema of the search path, with their types, like `version bigint`; `nil` if there is
    /// none of this name.
    fileprivate func columns(of table: String) throws -> Set<String>? {
        let columns = try query(
            """
            SELECT attname::text || ' ' || format_type(atttypid, NULL) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relname = ? AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = current_schema()::regnamespace
            AND attnum > 0 AND NOT attisdropped
            """, [.text(table)]
        ) { $0.text(0) }
        return columns.isEmpty ? nil : Set(columns)
    }
}
