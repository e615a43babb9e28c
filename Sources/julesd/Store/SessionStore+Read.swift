// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A part of the log, read for a client with a cursor.
struct ChangePage: Sendable {
    /// The numbers that the client asked for but are not available, both ends included.
    let gap: ClosedRange<Int64>?
    /// In order of `seq`.
    let deltas: [SessionDelta]
    /// The cursor from which to continue.
    let next: Int64
    /// The head at the time of reading.
    let head: LogHead
}

extension SessionStore {
    /// The size of a page of the log at most. A single larger delta is a page of its own.
    static let pageBytes: Int64 = 512_000

    /// The deltas after `since`, as many as fit into one page.
    ///
    /// If `epoch` is given and differs, or if `since` is beyond the head, everything up to the head is a gap: the client has
    /// to read the sessions again. A page is read in one transaction: a delta that is pruned meanwhile is either in it or in
    /// its gap.
    func changes(after since: Int64, epoch: String? = nil, limit: Int = 500) async throws -> ChangePage {
        try await readAtOnce { connection in
            let stored = try connection.first("SELECT epoch, head FROM log") {
                LogHead(epoch: $0.text(0), seq: $0.int(1))
            }
            let head = stored ?? self.head
            if since > head.seq || (epoch != nil && epoch != head.epoch) {
                let gap = min(since, head.seq - 1) + 1...head.seq
                return ChangePage(gap: gap, deltas: [], next: head.seq, head: head)
            }
            let oldest =
                try connection.first("SELECT min(seq) FROM delta", []) { $0.isNull(0) ? nil : $0.int(0) } ?? nil
            let floor = (oldest ?? head.seq + 1) - 1
            let gap = since < floor ? since + 1...floor : nil
            let from = max(since, floor)
            let end = try connection.first("SELECT ends FROM delta WHERE seq = ?", [.integer(from + 1)]) { $0.int(0) }
            let deltas = try connection.query(
                """
                SELECT seq, session, change, reason, finished, body FROM delta
                WHERE seq > ? AND ends <= ? ORDER BY seq LIMIT ?
                """,
                [.integer(from), .integer((end ?? 0) + Self.pageBytes), .integer(Int64(limit))],
                SessionDelta.init(row:))
            return ChangePage(gap: gap, deltas: deltas, next: deltas.last?.seq ?? from, head: head)
        }
    }

    /// The stored session with this id; `nil` if there is none.
    func session(_ id: String) async throws -> Session? {
        try await read { connection in
            try connection.first("SELECT body FROM session WHERE id = ?", [.text(id)]) { Session(wire: $0.blob(0)) }
                ?? nil
        }
    }

    /// The number of sessions in each state. Archived ones are left out.
    func countsByState() async throws -> [SessionState: Int] {
        try await read { connection in
            let rows = try connection.query(
                "SELECT state, count(*) FROM session WHERE archived = 0 GROUP BY state", []
            ) { (SessionState($0.text(0)), Int($0.int(1))) }
            // Two names of states can be different texts in SQLite and the same text in Unicode, which Swift compares.
            return Dictionary(rows, uniquingKeysWith: +)
        }
    }
}

extension SessionStore {
    /// How many sessions were created after `time`, by anybody.
    func sessionCount(createdAfter time: Timestamp) async throws -> Int {
        try await read { connection in
            try connection.first("SELECT count(*) FROM session WHERE created > ?", [.integer(time.nanoseconds)]) {
                Int($0.int(0))
            } ?? 0
        }
    }

    /// The kind of the store (`sqlite` or `memory`), and its size in bytes.
    func size() async throws -> (kind: String, bytes: Int64) {
        let bytes = try await read { connection in
            try connection.first("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") { $0.int(0) }
        }
        return (location.limits == nil ? "sqlite" : "memory", bytes ?? 0)
    }
}

extension SessionDelta {
    fileprivate init(row: SQLiteRow) {
        self.init(
            seq: row.int(0), sessionID: row.text(1), change: Change(rawValue: row.text(2)) ?? .updated,
            attention: row.textOrNil(3).flatMap(AttentionReason.init), finished: row.int(4) == 1, json: row.blob(5))
    }
}

extension SessionStore {
    /// The ids of the sessions created after `time`; `nil` for all.
    func sessionIDs(createdAfter time: Timestamp?, includingArchived: Bool) async throws -> Set<String> {
        let archived = includingArchived ? "" : " AND archived = 0"
        return try await read { connection in
            let rows = try connection.query(
                "SELECT id FROM session WHERE created > ?\(archived)", [.integer(time?.nanoseconds ?? .min)]
            ) { $0.text(0) }
            return Set(rows)
        }
    }

    /// The ids that belong to stored sessions.
    func sessionIDs(among ids: Set<String>) async throws -> Set<String> {
        guard !ids.isEmpty else { return [] }
        return try await read { connection in
            try ids.filter { id in
                try connection.first("SELECT 1 FROM session WHERE id = ?", [.text(id)]) { _ in true } ?? false
            }
        }
    }

    /// The sessions created at or after `time`, newest first. Archived ones are included.
    func sessions(createdAfter time: Timestamp) async throws -> [Session] {
        try await read { connection in
            try connection.query(
                "SELECT body FROM session WHERE created >= ? ORDER BY created DESC, id DESC",
                [.integer(time.nanoseconds)]
            ) { Session(wire: $0.blob(0)) }.compactMap(\.self)
        }
    }

    /// The ids of the sessions that may change by themselves.
    func activeSessionIDs() async throws -> Set<String> {
        try await read { connection in
            Set(try connection.query(Self.activeSessions) { $0.text(0) })
        }
    }

    /// Reads the index between the few inactive states, so that the many sessions in these are skipped.
    static let activeSessions: String = {
        let resting = SessionState.known.filter { !$0.isActive }.map { "'\($0.name)'" }.sorted()
        let gaps = zip(resting, resting.dropFirst()).map { "state > \($0) AND state < \($1)" }
        let ends = ["state < \(resting[0])", "state > \(resting[resting.count - 1])"]
        return (ends + gaps).map { "SELECT id FROM session WHERE archived = 0 AND \($0)" }.joined(
            separator: " UNION ALL ")
    }()
}
