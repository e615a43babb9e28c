// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How long a deleted session is remembered. Jules counts each session for about a day, also after it was deleted.
private let deletedTaskAge = Duration.seconds(172_800)

extension SQLConnection {
    /// Records the creation of a session before the session is removed; part of the transaction that removes it.
    func noteDeletedTask(_ id: String, createdAt created: Timestamp, now: Timestamp) throws {
        let oldest = now.advanced(by: .zero - deletedTaskAge)
        try run("DELETE FROM deleted_session WHERE created < ?", .integer(oldest.nanoseconds))
        try run(
            "INSERT INTO deleted_session (id, created) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", .text(id),
            .integer(created.nanoseconds))
    }

    /// The creation times of all sessions created after `time`, deleted ones included, oldest first.
    func creationTimes(after time: Timestamp) throws -> [Timestamp] {
        try query(
            """
            SELECT created FROM session WHERE created > ?1
            UNION ALL SELECT created FROM deleted_session WHERE created > ?1 AND id NOT IN (SELECT id FROM session)
            ORDER BY created
            """, [.integer(time.nanoseconds)]
        ) { Timestamp(nanoseconds: $0.int(0)) }
    }

    /// How many sessions have not ended, by repository in lower case. Archived sessions have stopped.
    func runningSessions() throws -> [String: Int] {
        let rows = try query(
            "SELECT repository, state, count(*) FROM session WHERE archived = 0 GROUP BY state, repository", []
        ) { (repository: $0.text(0), state: SessionState($0.text(1)), count: Int($0.int(2))) }
        return rows.reduce(into: [:]) { running, row in
            if row.state.isActive { running[row.repository, default: 0] += row.count }
        }
    }

    /// Removes at most `limit` entries of the queue that ended before `cutoff`. Returns how many.
    func pruneQueue(before cutoff: Timestamp, limit: Int64) throws -> Int {
        try run(
            """
            DELETE FROM queue_entry WHERE number IN (SELECT number FROM queue_entry WHERE ended < ? ORDER BY ended LIMIT ?)
            """, .integer(cutoff.nanoseconds), .integer(limit))
        return changes
    }
}
