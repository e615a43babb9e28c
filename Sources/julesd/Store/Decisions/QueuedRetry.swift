// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

// The retry of a rule waits in the queue. Its decision and its queue entry end in the same transaction.
extension SQLConnection {
    /// Ends the decision whose retry a queue entry is. Does nothing for an entry without a decision.
    ///
    /// - Parameter session: the session that the retry has created.
    func endDecision(ofEntry entry: String, as state: Decision.State, _ detail: String, session: String? = nil) throws {
        let decision = try first("SELECT decision FROM queue_entry WHERE id = ?", [.text(entry)]) { $0.textOrNil(0) }
        guard let decision = decision ?? nil else { return }
        _ = try end(decision, as: state, detail, outcome: session)
    }

    /// Takes the retry of a decision out of the queue. Returns `false` if it does not wait there, or may have started.
    func withdrawRetry(of decision: String, _ detail: String, at now: Timestamp) throws -> Bool {
        try run(
            """
            UPDATE queue_entry SET state = 'cancelled', detail = ?, ended = ?
            WHERE decision = ? AND state = 'waiting' AND uncertain = 0
            """, .text(detail), .integer(now.nanoseconds), .text(decision))
        return changes > 0
    }
}
