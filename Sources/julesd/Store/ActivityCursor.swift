// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How far our copy of one session's activities reaches.
struct ActivityCursor: Sendable, Equatable {
    /// How far a read goes back to find activities that appear late.
    static let overlap = Duration.seconds(30)

    /// The creation time of the newest activity that is or was stored; `nil` if there never was one.
    var newest: Timestamp?
    /// The creation time of the newest activity that was removed.
    var pruned: Timestamp?
    /// The session's state; `nil` for a session that is not stored.
    var state: SessionState?
    /// Its state when its activities were last read completely.
    var readState: SessionState?

    /// Whether the session has changed its state since its activities were last read.
    var isOfEarlierState: Bool { state != readState }

    /// The time after which activities are requested; `nil` for all.
    ///
    /// A stored activity that comes again is recognised by its id. A removed one is not, so no read goes back to before it.
    func start(overlapping: Bool) -> Timestamp? {
        guard overlapping || isOfEarlierState, let newest else { return newest }
        let start = newest.advanced(by: .zero - Self.overlap)
        return pruned.map { max($0, start) } ?? start
    }
}

extension SessionStore {
    /// How far our copy of a session's activities reaches.
    func activityCursor(of session: String) async throws -> ActivityCursor {
        try await read { connection in
            var cursor =
                try connection.first("SELECT pruned, state, read_state FROM session WHERE id = ?", [.text(session)]) {
                    ActivityCursor(
                        pruned: $0.intOrNil(0).map(Timestamp.init(nanoseconds:)), state: SessionState($0.text(1)),
                        readState: $0.textOrNil(2).map { SessionState($0) })
                } ?? ActivityCursor()
            let stored = try connection.first(
                "SELECT max(created) FROM activity WHERE session = ?", [.text(session)]
            ) { $0.intOrNil(0).map(Timestamp.init(nanoseconds:)) }
            cursor.newest = [stored ?? nil, cursor.pruned].compactMap(\.self).max()
            return cursor
        }
    }

    /// Records that a session's activities have been read completely from `cursor` on.
    func noteRead(_ session: String, from cursor: ActivityCursor) async throws {
        guard let state = cursor.state, cursor.isOfEarlierState else { return }
        try await write {
            try $0.run("UPDATE session SET read_state = ? WHERE id = ?", .text(state.name), .text(session))
        }
    }
}

extension SQLConnection {
    /// Removes activities created before `cutoff`, those stored first, and records in their sessions how far this went.
    ///
    /// - Returns: how many were removed.
    func pruneActivities(before cutoff: Timestamp, limit: Int64) throws -> Int {
        let batch = "SELECT number FROM activity WHERE created < ?1 ORDER BY number LIMIT ?2"
        let values: [SQLValue] = [.integer(cutoff.nanoseconds), .integer(limit)]
        let newest = try query(
            "SELECT session, max(created) FROM activity WHERE number IN (\(batch)) GROUP BY session", values
        ) { (session: $0.text(0), created: $0.int(1)) }
        for (session, created) in newest {
            try run(
                "UPDATE session SET pruned = ?1 WHERE id = ?2 AND coalesce(pruned, ?1) <= ?1", .integer(created),
                .text(session))
        }
        guard !newest.isEmpty else { return 0 }
        try run("DELETE FROM activity WHERE number IN (\(batch))", .integer(cutoff.nanoseconds), .integer(limit))
        return changes
    }
}
