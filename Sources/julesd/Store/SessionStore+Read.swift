// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SessionStore {
    /// The stored session of that id.
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
        try await read { [engine] in try engine.size($0) }
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
