// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Which decisions a client asks for, newest first.
struct DecisionQuery: Sendable, Equatable {
    /// `nil` for every session.
    var session: String?
    /// `nil` for every rule.
    var rule: String?
    var limit = 100
    /// The number before which the page begins.
    var before: Int64?
}

/// One page of decisions.
struct DecisionPage: Sendable {
    let decisions: [Decision]
    /// The number before which the next page begins; `nil` on the last page.
    let next: Int64?
}

extension SessionStore {
    /// The decisions that match `query`.
    func decisions(_ query: DecisionQuery) async throws -> DecisionPage {
        var condition = "number < ?"
        var values: [SQLValue] = [.integer(query.before ?? .max)]
        if let session = query.session {
            condition += " AND session = ?"
            values.append(.text(session))
        }
        if let rule = query.rule {
            condition += " AND rule = ?"
            values.append(.text(rule))
        }
        let sql = """
            SELECT \(Decision.columns), number FROM decision WHERE \(condition)
            ORDER BY number DESC LIMIT ?
            """
        return try await read { [values] connection in
            let rows = try connection.query(sql, values + [.integer(Int64(query.limit) + 1)]) {
                (decision: Decision(row: $0), number: $0.int(16))
            }
            let page = rows.prefix(query.limit)
            return DecisionPage(
                decisions: page.map(\.decision), next: rows.count > query.limit ? page.last?.number : nil)
        }
    }

    /// It is waiting, and not for the queue.
    private static let isToCarryOut = """
        state = 'waiting' AND NOT EXISTS (SELECT 1 FROM queue_entry WHERE queue_entry.decision = decision.id)
        """

    /// The decisions that are due, the one that is overdue longest first.
    func dueDecisions(at now: Timestamp, limit: Int) async throws -> [Decision] {
        try await read { connection in
            try connection.query(
                """
                SELECT \(Decision.columns) FROM decision WHERE \(Self.isToCarryOut) AND due <= ?
                ORDER BY due, number LIMIT ?
                """, [.integer(now.nanoseconds), .integer(Int64(limit))]
            ) { Decision(row: $0) }
        }
    }

    /// When the next decision after `now` is due; `nil` if there is none.
    func nextDecision(after now: Timestamp) async throws -> Timestamp? {
        try await read { connection in
            try connection.first(
                "SELECT min(due) FROM decision WHERE \(Self.isToCarryOut) AND due > ?", [.integer(now.nanoseconds)]
            ) { $0.intOrNil(0).map(Timestamp.init(nanoseconds:)) } ?? nil
        }
    }
}
