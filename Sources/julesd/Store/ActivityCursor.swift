// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How far our copy of one session's activities goes.
struct ActivityCursor: Sendable, Equatable {
    /// How far a reading goes back that looks for what shows late.
    static let overlap = Duration.seconds(30)

    /// When the newest activity that is stored, or was, was created; `nil` where there never was one.
    var newest: Timestamp?
    /// When the newest removed one was created.
    var pruned: Timestamp?
    /// The session's state; `nil` for a session that is not stored.
    var state: SessionState?
    /// Its state when its activities were last read to their end.
    var readState: SessionState?

    /// The session has changed its state since its activities were last read.
    var isOfEarlierState: Bool { state != readState }

    /// The time after which activities are to be asked for; `nil` for all.
    ///
    /// What is stored is known by its id if it comes again. What has been removed is not: no reading goes back behind it.
    func start(overlapping: Bool) -> Timestamp? {
        guard overlapping || isOfEarlierState, let newest else { return newest }
        let start = newest.advanced(by: .zero - Self.overlap)
        return pruned.map { max($0, start) } ?? start
    }
}

extension SessionStore {
    /// How far our copy of a session's activities goes.
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

    /// Notes that a session's activities have been read to their end from `cursor` on.
    func noteRead(_ session: String, from cursor: ActivityCursor) async throws {
        guard let state = cursor.state, cursor.isOfEarlierState else { return }
        try await write {
            try $0.run("UPDATE session SET read_state = ? WHERE id = ?", .text(state.name), .text(session))
        }
    }
}

extension SQLiteConnection {
    /// Removes some activities created before `cutoff`, the first stored first, and notes in their sessions how far that went.
    /// Returns how many.
    func pruneActivities(before cutoff: Timestamp, limit: Int64) throws -> Int {
        let batch = "SELECT number FROM activity WHERE created < ?1 ORDER BY number LIMIT ?2"
        let values: [SQLiteValue] = [.integer(cutoff.nanoseconds), .integer(limit)]
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
