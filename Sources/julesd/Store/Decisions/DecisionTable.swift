// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SQLConnection {
    /// Adds a decision. Returns `false` if there is one about this event already.
    func insert(_ decision: Decision) throws -> Bool {
        try run(
            """
            INSERT INTO decision (\(Decision.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (session, event) DO NOTHING
            """,
            .text(decision.id), .integer(decision.at.nanoseconds), .text(decision.rule), .text(decision.file),
            .text(decision.sessionID), .text(decision.event), .text(decision.reason), .text(decision.action),
            SQLValue(decision.planID), SQLValue(decision.text), .text(decision.chain),
            .integer(decision.due.nanoseconds), SQLValue(decision.began?.nanoseconds),
            SQLValue(decision.tried?.nanoseconds), .text(decision.state.rawValue), SQLValue(decision.detail))
        return changes > 0
    }

    /// The decision with this id; `nil` if there is none.
    func decision(_ id: String) throws -> Decision? {
        try first("SELECT \(Decision.columns) FROM decision WHERE id = ?", [.text(id)]) { Decision(row: $0) }
    }

    /// The first session of the chain of retries that a session belongs to.
    func chain(of session: String) throws -> String {
        try first("SELECT chain FROM decision WHERE outcome = ?", [.text(session)]) { $0.text(0) } ?? session
    }

    /// Ends a waiting decision. Returns `false` if it has ended already.
    func end(
        _ id: String, as state: Decision.State, _ detail: String?, outcome: String? = nil
    ) throws -> Bool {
        try run(
            """
            UPDATE decision SET state = ?, detail = ?, outcome = ? WHERE id = ? AND state = 'waiting'
            """, .text(state.rawValue), SQLValue(detail), SQLValue(outcome), .text(id))
        return changes > 0
    }

    /// Drops every waiting decision, and removes retries from the queue. For a store that replaces a newer one.
    func dropWaitingDecisions(_ detail: String, at now: Timestamp) throws {
        try run(
            """
            UPDATE queue_entry SET state = 'cancelled', detail = ?, ended = ? WHERE decision IS NOT NULL AND ended IS NULL
            """, .text(detail), .integer(now.nanoseconds))
        try run("UPDATE decision SET state = 'dropped', detail = ? WHERE state = 'waiting'", .text(detail))
    }

    /// Removes at most `limit` decisions that have ended and were made before `cutoff`. Returns how many. A decision about an
    /// event that may still hold stays, because otherwise the rule would decide again.
    func pruneDecisions(before cutoff: Timestamp, limit: Int64) throws -> Int {
        try run(
            """
            DELETE FROM decision WHERE number IN (SELECT number FROM decision
                WHERE state <> 'waiting' AND at < ? AND NOT EXISTS (SELECT 1 FROM session WHERE id = decision.session
                    AND archived = 0 AND (attention IS NOT NULL OR state = 'COMPLETED'))
                ORDER BY number LIMIT ?)
            """, .integer(cutoff.nanoseconds), .integer(limit))
        return changes
    }
}

extension Decision {
    /// The columns from which a row becomes a decision.
    static let columns = """
        id, at, rule, file, session, event, reason, action, plan, text, chain, due, began, tried, state, detail
        """

    init(row: SQLRow) {
        let time = { (column: Int32) in row.intOrNil(column).map(Timestamp.init(nanoseconds:)) }
        self.init(
            id: row.text(0), at: Timestamp(nanoseconds: row.int(1)), rule: row.text(2), file: row.text(3),
            sessionID: row.text(4), event: row.text(5), reason: row.text(6), action: row.text(7),
            planID: row.textOrNil(8), text: row.textOrNil(9), chain: row.text(10),
            due: Timestamp(nanoseconds: row.int(11)), began: time(12), tried: time(13),
            state: State(rawValue: row.text(14)) ?? .failed, detail: row.textOrNil(15))
    }
}

extension SQLConnection {
    /// The rule whose action changed a session from `before` to `after`; `nil` if none is known.
    ///
    /// An action shows at once or at the next reads. Later changes are not caused by it.
    func rule(from before: Session?, to after: Session?, at now: Timestamp) throws -> String? {
        guard let before, let after, before.state != after.state || before.archived != after.archived else {
            return nil
        }
        let latest = try first(
            """
            SELECT rule, reason, action FROM decision WHERE session = ? AND tried > ? AND state IN ('waiting', 'done')
            ORDER BY number DESC LIMIT 1
            """,
            [
                .text(after.id),
                .integer(now.advanced(by: .zero - RequestAttempt.longestDelay).nanoseconds),
            ]
        ) { (rule: $0.text(0), reason: $0.text(1), action: $0.text(2)) }
        guard let latest else { return nil }
        let isItsAct =
            switch latest.action {
            case "archive": after.archived && !before.archived
            case "approve": before.state == .awaitingPlanApproval && after.state.isActive
            case "reply": latest.reason == before.state.reason && after.state.isActive
            default: false
            }
        return isItsAct ? latest.rule : nil
    }
}

extension SessionState {
    /// The reason for which a session in this state waits, as a decision names it.
    fileprivate var reason: String? {
        switch self {
        case .awaitingPlanApproval: AttentionReason.plan.rawValue
        case .awaitingUserFeedback: AttentionReason.question.rawValue
        case .failed: AttentionReason.failed.rawValue
        default: nil
        }
    }
}
