// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SessionStore {
    /// Reports a session that has completed on a plan or a question, once per end, if nobody saw it wait and only its
    /// activities show it.
    ///
    /// Call this when all of the session's activities have been read.
    func recordEnd(of id: String, at now: Timestamp) async throws {
        let isUnclear = try await read { connection in
            try connection.first("SELECT 1 FROM session WHERE id = ? AND ended IS NOT NULL", [.text(id)]) { _ in true }
        }
        guard isUnclear == true else { return }
        try await commit(at: now) { connection, deltas in
            guard let session = try connection.takeUnclearEnd(of: id),
                let reason = AttentionReason(endOf: session, history: try connection.history(of: id))
            else { return }
            try deltas.append(
                before: session, after: session, calling: InboxEntry(reason: reason, since: now))
        }
    }
}

extension SQLConnection {
    /// Records that a session has completed, and that its states do not show how.
    func noteUnclearEnd(of session: String, at now: Timestamp) throws {
        try run("UPDATE session SET ended = ? WHERE id = ?", .integer(now.nanoseconds), .text(session))
    }

    /// A session with such a record, which is removed; `nil` if it has none.
    fileprivate func takeUnclearEnd(of id: String) throws -> Session? {
        let session = try first("SELECT body FROM session WHERE id = ? AND ended IS NOT NULL", [.text(id)]) {
            Session(wire: $0.blob(0))
        }
        try run("UPDATE session SET ended = NULL WHERE id = ?", .text(id))
        return session ?? nil
    }

    fileprivate func history(of session: String) throws -> SessionHistory {
        let kinds = try query("SELECT DISTINCT kind FROM activity WHERE session = ?", [.text(session)]) {
            Activity.Kind(rawValue: $0.text(0))
        }
        let newest = try first(
            """
            SELECT kind, body FROM activity WHERE session = ? AND kind NOT IN ('sessionCompleted', 'sessionFailed', 'other')
            ORDER BY created DESC, number DESC LIMIT 1
            """, [.text(session)]
        ) { (kind: Activity.Kind(rawValue: $0.text(0)), body: $0.blob(1)) }
        let lastWord = newest.flatMap { $0.kind == .agentMessaged ? agentMessage(activity: $0.body) : nil }
        return SessionHistory(kinds: Set(kinds.compactMap(\.self)), lastWord: lastWord)
    }
}
