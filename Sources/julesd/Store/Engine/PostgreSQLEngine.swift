// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// A store on a PostgreSQL server, which several instances write.
///
/// Each transaction that writes locks the only row of the table `log` first. So there is one writer at a time over all
/// instances, deltas have numbers without a gap, and every transaction sees the term of the present leader.
final class PostgreSQLEngine: StoreEngine {
    /// Tells every instance that somebody has written.
    static let channel = "julesd"
    /// The two numbers of the lock that the leader holds: "jule", and the table that the store has once in each schema.
    static let leaderLock = "1786080357, 'log'::regclass::oid::bigint::bit(32)::int"
    /// How long the server may take to answer a statement.
    static let patience = Duration.seconds(5)
    /// The same on the connection on which the lead depends: shorter, because nobody leads meanwhile.
    static let linkPatience = Duration.seconds(3)
    /// How long the first statements of a store may take, which create tables or remove the log of an earlier epoch.
    static let longPatience = Duration.seconds(600)

    private let writing: PostgreSQLDatabase
    private let reading: PostgreSQLDatabase
    /// The connection that hears of others' transactions and holds the lock of the leader.
    let link: PostgreSQLDatabase
    /// The connection for what the instances agree about in transactions of a moment, which wait for no writer.
    let coordination: PostgreSQLDatabase
    /// The name of this instance.
    let instance: String
    /// Names this run of the instance.
    let run = String(randomToken().prefix(16))
    private let serverClock: ServerClock

    let clock: SteadyClock
    var wallNow: Timestamp { serverClock.now }
    let limits: StoreLocation.Limits? = nil
    var writer: any SQLDatabase { writing }
    var reader: any SQLDatabase { reading }

    private init(
        _ uri: String, instance: String, now: Timestamp?, clocks: (@Sendable () -> ClockReading)?,
        onNewHistory: @escaping @Sendable () -> Void
    ) {
        self.instance = instance
        let serverClock = ServerClock()
        self.serverClock = serverClock
        clock = SteadyClock(after: nil, read: clocks ?? serverClock.reading)
        let name = "julesd \(instance)"
        writing = PostgreSQLDatabase(uri: uri, application: name, patience: Self.patience) { connection in
            connection.patience = Self.longPatience
            try connection.execute("SET statement_timeout = 0")
            try PostgreSQLSchema.prepare(connection)
            if try connection.adoptHistory(at: now ?? serverClock.now) { onNewHistory() }
            connection.patience = Self.patience
            try connection.execute("SET statement_timeout = '\(Self.patience.components.seconds)s'")
        }
        let prepare = { @Sendable (connection: PostgreSQLConnection) in
            try PostgreSQLSchema.checkServer(connection)
            guard try PostgreSQLSchema.isThere(connection), try connection.isHistoryKnown() else {
                throw PostgreSQLError.notReady
            }
        }
        reading = PostgreSQLDatabase(uri: uri, application: "\(name) reader", patience: Self.patience) { connection in
            try prepare(connection)
            // All statements of a transaction see one state of the store.
            try connection.execute(
                "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on")
        }
        coordination = PostgreSQLDatabase(
            uri: uri, application: "\(name) coordination", patience: Self.patience, configure: prepare)
        link = PostgreSQLDatabase(uri: uri, application: "\(name) link", patience: Self.linkPatience) { connection in
            try prepare(connection)
            try connection.execute("LISTEN \(Self.channel)")
        }
    }

    /// Opens the store, and creates its tables if they are not there.
    ///
    /// - Parameters:
    ///   - uri: see `PostgreSQLConnection`.
    ///   - instance: the name of this instance.
    ///   - now: the time at which a new log begins; `nil` for the present one.
    ///   - clocks: read in place of the server's clock; `nil` for the server's.
    ///   - onNewHistory: called if the server is not the one in whose history the log was written, for example a standby that was
    ///     promoted, so that a new epoch has begun.
    /// - Throws: `StoreError`, `PostgreSQLError`.
    static func open(
        at uri: String, instance: String, now: Timestamp? = nil, clocks: (@Sendable () -> ClockReading)? = nil,
        onNewHistory: @escaping @Sendable () -> Void = {}
    ) async throws -> OpenedStore {
        let engine = PostgreSQLEngine(uri, instance: instance, now: now, clocks: clocks, onNewHistory: onNewHistory)
        let log = try await engine.writing.with { [serverClock = engine.serverClock] connection in
            let row = try connection.first("SELECT epoch, head, origin, steady, \(ServerTime.sql) FROM log") {
                (
                    head: LogHead(epoch: $0.text(0), seq: $0.int(1)), origin: $0.int(2),
                    steady: $0.intOrNil(3).map(Timestamp.init(nanoseconds:)), now: Timestamp(nanoseconds: $0.int(4))
                )
            }
            if let row { serverClock.note(row.now, after: row.steady) }
            return row
        }
        guard let log else { throw StoreError.refused("the table log is empty") }
        return OpenedStore(engine: engine, head: log.head, origin: log.origin)
    }

    /// Closes all connections, because one was lost: each would find that out by itself, later, and fail once more.
    func disconnect() async {
        await link.disconnect()
        await coordination.disconnect()
        await reading.disconnect()
        await writing.disconnect()
    }

    func begin(_ connection: any SQLConnection, known: StorePosition) throws -> StorePosition {
        let log = try connection.first(
            "SELECT epoch, head, writes, term, steady, \(ServerTime.sql) FROM log FOR UPDATE"
        ) {
            (
                position: StorePosition(writes: Int($0.int(2)), head: LogHead(epoch: $0.text(0), seq: $0.int(1))),
                term: $0.int(3), steady: $0.intOrNil(4).map(Timestamp.init(nanoseconds:)),
                now: Timestamp(nanoseconds: $0.int(5))
            )
        }
        guard let log else { throw StoreError.refused("the table log is empty") }
        serverClock.note(log.now, after: log.steady)
        try connection.checkFences(term: log.term)
        return log.position
    }

    /// Sets the clock by the server's.
    func setClock(_ connection: any SQLConnection) throws {
        let times = try connection.first("SELECT steady, \(ServerTime.sql) FROM log") { ($0.intOrNil(0), $0.int(1)) }
        guard let (steady, now) = times else { return }
        serverClock.note(Timestamp(nanoseconds: now), after: steady.map(Timestamp.init(nanoseconds:)))
    }

    func finish(_ connection: any SQLConnection) throws {
        try connection.run("SELECT pg_notify('\(Self.channel)', '')")
    }

    func note(told seq: Int64) {}

    func size(_ connection: any SQLConnection) throws -> (kind: String, bytes: Int64) {
        let bytes = try connection.first(
            """
            SELECT sum(pg_total_relation_size(oid)) FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
            """
        ) { $0.int(0) }
        return ("postgresql", bytes ?? 0)
    }

    func isSound(_ health: StoreHealth) -> Bool { true }

    func close(_ health: StoreHealth) async {
        await link.close()
        await coordination.close()
        await reading.close()
        await writing.close()
    }
}

/// The server's clock in nanoseconds since the epoch.
enum ServerTime {
    static let sql = "(extract(epoch FROM clock_timestamp()) * 1000000000)::bigint"
}

extension PostgreSQLError {
    /// Somebody has to create the tables, or to begin the epoch of a new history, first. The writer does both.
    fileprivate static let notReady = PostgreSQLError(sqlState: nil, message: "the store is being prepared")
}

extension SQLConnection {
    /// What tells the history of this database apart from others: the cluster, the database in it, and the timeline, which changes
    /// when a standby is promoted or a backup restored (<https://www.postgresql.org/docs/current/continuous-archiving.html>).
    private func history() throws -> String {
        try first(
            """
            SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' || oid::text || '/'
                || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)
            FROM pg_database WHERE datname = current_database()
            """
        ) { $0.text(0) } ?? ""
    }

    /// Whether the log was written in this history.
    fileprivate func isHistoryKnown() throws -> Bool {
        let history = try history()
        return try first("SELECT mark FROM log") { $0.textOrNil(0) == history } ?? false
    }

    /// Begins a log, or a new epoch of a log that was written in another history: it may lack deltas that have been told.
    ///
    /// - Returns: whether there was such a log.
    fileprivate func adoptHistory(at now: Timestamp) throws -> Bool {
        guard try !isHistoryKnown() else { return false }
        return try transaction {
            try run("SELECT pg_advisory_xact_lock(?)", .integer(0x6A75_6C65_7365))
            let known = try first("SELECT mark, head FROM log FOR UPDATE") { (mark: $0.textOrNil(0), head: $0.int(1)) }
            let history = try history()
            guard known?.mark != history || known == nil else { return false }
            if known == nil { try run("INSERT INTO log (one, epoch, origin, head) VALUES (1, '', 0, 0)") }
            // A store that was just moved here has no mark, and keeps its epoch.
            if known == nil || known?.mark != nil { _ = try beginEpoch(above: known?.head ?? 0, now: now) }
            // A leader of the other history may still run, in a later term than the one that is stored here. Terms are counted from
            // the time in milliseconds on, which no count of leaders reaches.
            if known?.mark != nil { try run("UPDATE log SET term = greatest(term, \(ServerTime.sql) / 1000000)") }
            try run("UPDATE log SET mark = ?, writes = writes + 1", .text(history))
            try run("SELECT pg_notify('\(PostgreSQLEngine.channel)', '')")
            return known?.mark != nil
        }
    }
}
