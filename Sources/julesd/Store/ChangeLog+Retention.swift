// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension ChangeLog {
    /// How many rows one step of pruning removes: few enough that no commit waits noticeably behind it.
    static let pruneBatch: Int64 = 200

    /// Removes one batch of the deltas and activities that are older than `cutoff`; true where there may be more.
    ///
    /// Sessions themselves are kept.
    func pruneStep(before cutoff: Timestamp) async throws -> Bool {
        try await writer.with { connection in
            try connection.transaction {
                var removed = 0
                // The oldest rows are the lowest numbers, so the scan ends at the first one that is young enough.
                try connection.run(
                    """
                    DELETE FROM delta WHERE seq <= (SELECT max(seq) FROM
                        (SELECT seq, at FROM delta ORDER BY seq LIMIT ?) WHERE at < ?)
                    """, .integer(Self.pruneBatch), .integer(cutoff.nanoseconds))
                removed += connection.changes
                try connection.run(
                    "DELETE FROM activity WHERE number IN (SELECT number FROM activity WHERE created < ? LIMIT ?)",
                    .integer(cutoff.nanoseconds), .integer(Self.pruneBatch))
                removed += connection.changes
                return removed > 0
            }
        }
    }
}
