// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

extension SessionStore {
    /// Removes activities if a store in memory has more than its limit. Called in the transaction that has stored `new`.
    func limitActivities(after new: [Activity], _ connection: any SQLConnection) throws {
        guard let limit = engine.limits?.activityBytes else { return }
        let counted = activityBytes.withLock { bytes in
            bytes += new.reduce(0) { $0 + Int64($1.body.count) }
            return bytes
        }
        guard counted > limit else { return }
        // A tenth less than the limit, so that not every read has to remove some.
        let left = try connection.shrinkActivities(to: limit / 10 * 9)
        activityBytes.withLock { $0 = left }
    }
}

/// The stored activities of one session.
private struct Share {
    let session: String
    let bytes: Int64
    /// Whether somebody may still need its newest plan, question or answer.
    let isOpen: Bool
}

extension SQLConnection {
    /// Removes activities of the oldest sessions until `limit` bytes are left, those of ended sessions first. An open session
    /// keeps the newest activity of each kind. How far each session has been read is kept.
    ///
    /// - Returns: how many bytes are left.
    fileprivate func shrinkActivities(to limit: Int64) throws -> Int64 {
        let shares = try query(
            """
            SELECT activity.session, sum(length(activity.body)),
                coalesce(session.ended IS NOT NULL OR session.attention IS NOT NULL
                    OR session.state NOT IN ('COMPLETED', 'FAILED', 'PAUSED'), 0) AS open
            FROM activity LEFT JOIN session ON session.id = activity.session
            GROUP BY activity.session ORDER BY open, session.created
            """, []
        ) { Share(session: $0.text(0), bytes: $0.int(1), isOpen: $0.int(2) == 1) }
        var left = shares.reduce(0) { $0 + $1.bytes }
        for share in shares where left > limit { left -= try removeActivities(of: share.session, isOpen: share.isOpen) }
        return left
    }

    /// - Returns: how many bytes were removed.
    private func removeActivities(of session: String, isOpen: Bool) throws -> Int64 {
        let kept = isOpen ? "AND number NOT IN (SELECT max(number) FROM activity WHERE session = ?1 GROUP BY kind)" : ""
        let removed = try first(
            "SELECT max(created), sum(length(body)) FROM activity WHERE session = ?1 \(kept)", [.text(session)]
        ) { $0.isNull(0) ? nil : (newest: $0.int(0), bytes: $0.int(1)) }
        guard let removed = removed ?? nil else { return 0 }
        try run(
            "UPDATE session SET pruned = ?2 WHERE id = ?1 AND coalesce(pruned, ?2) <= ?2", .text(session),
            .integer(removed.newest))
        try run("DELETE FROM activity WHERE session = ?1 \(kept)", .text(session))
        return removed.bytes
    }
}
