// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Searches a store for errors: damage to the file, a hole in the numbers, rows that contradict their text.
struct StoreCheck {
    private(set) var problems: [String] = []
    private(set) var sessions = 0
    private(set) var deltas = 0
    private(set) var activities = 0
    private(set) var head = LogHead(epoch: "", seq: 0)

    /// More problems would not help anybody.
    static let most = 20

    /// What the store holds, as a clause.
    var summary: String {
        "\(sessions) sessions, \(activities) activities, \(deltas) changes up to \(head.seq) of epoch \(head.epoch)"
    }

    /// Reads everything in a file, in one state of the store.
    ///
    /// - Throws: `MigrationError` if the file is not ours or has another version, else `StorageError`.
    init(of connection: SQLiteConnection) throws {
        guard try Schema.migrator.version(of: connection) > 0 else {
            throw StoreError.refused("\(connection.path) is empty")
        }
        try connection.transaction {
            problems = try connection.integrityProblems().map { "damage: \($0)" }
            // Further checks would only find the same damage again.
            if problems.isEmpty { try check(connection) }
        }
    }

    /// Reads everything on a server, in one state of the store.
    ///
    /// - Parameter connection: see ``StoreServer/openToRead()``.
    /// - Throws: `PostgreSQLError`.
    init(of connection: PostgreSQLConnection) throws {
        try connection.transaction { try check(connection) }
    }

    private mutating func check(_ connection: any SQLConnection) throws {
        try checkNumbers(connection)
        try checkDeltas(connection)
        try checkSessions(connection)
        try checkActivities(connection)
    }

    private mutating func add(_ problem: String) -> Bool {
        problems.append(problem)
        return problems.count < Self.most
    }

    private mutating func checkNumbers(_ connection: any SQLConnection) throws {
        let log = try connection.first("SELECT epoch, head, origin FROM log") {
            (head: LogHead(epoch: $0.text(0), seq: $0.int(1)), origin: $0.int(2))
        }
        guard let log else { return _ = add("the log has no head") }
        head = log.head
        let span = try connection.first("SELECT count(*), min(seq), max(seq) FROM delta") {
            (count: $0.int(0), first: $0.int(1), last: $0.int(2))
        }
        guard let span, span.count > 0 else { return }
        if span.last != head.seq { _ = add("the last delta is \(span.last), the head \(head.seq)") }
        if span.first <= log.origin { _ = add("delta \(span.first) lies before the epoch's beginning, \(log.origin)") }
        if span.last - span.first + 1 != span.count {
            _ = add(
                "of the deltas \(span.first) to \(span.last), \(span.last - span.first + 1 - span.count) are missing")
        }
    }

    private mutating func checkDeltas(_ connection: any SQLConnection) throws {
        var ends: Int64?
        try connection.forEach("SELECT seq, session, ends, body FROM delta ORDER BY seq") { row in
            let body = row.blob(3)
            deltas += 1
            let json = try? JSON(parsing: body)
            if json?["seq"]?.int != Int(row.int(0)) || json?["id"]?.string != row.text(1) {
                guard add("delta \(row.int(0)) is not what its text says") else { return false }
            }
            if let ends, row.int(2) != ends + Int64(body.count) {
                guard add("delta \(row.int(0)) does not begin where the one before ends") else { return false }
            }
            ends = row.int(2)
            return true
        }
    }

    private mutating func checkSessions(_ connection: any SQLConnection) throws {
        try connection.forEach("SELECT id, state, created, archived, body FROM session") { row in
            sessions += 1
            let session = Session(wire: row.blob(4))
            let isSame =
                session?.id == row.text(0) && session?.state.name == row.text(1)
                && session?.createTime.nanoseconds == row.int(2) && session?.archived == (row.int(3) == 1)
            return isSame ? true : add("session \(row.text(0)) is not what its text says")
        }
    }

    private mutating func checkActivities(_ connection: any SQLConnection) throws {
        try connection.forEach("SELECT session, id, body FROM activity") { row in
            activities += 1
            guard Activity(wire: row.blob(2))?.id != row.text(1) else { return true }
            return add("activity \(row.text(1)) of session \(row.text(0)) is not what its text says")
        }
    }
}
