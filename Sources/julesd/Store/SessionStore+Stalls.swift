// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SessionStore {
    /// The ids of some sessions that have been silent for too long and not been reported, the longest silence first.
    func silentSessions() async throws -> [String] {
        let latest = clock.now.advanced(by: .zero - AgentSilence.limit)
        return try await read { connection in
            try connection.query(
                "SELECT id FROM session WHERE silent <= ? AND archived = 0 ORDER BY silent LIMIT 10",
                [.integer(latest.nanoseconds)]
            ) { $0.text(0) }
        }
    }

    /// Reports a session that has been silent for too long, once per silence. Returns `false` if it has not been, or was
    /// reported already.
    ///
    /// The session is the same before and after the delta: the news is that nothing changes.
    func recordStall(of id: String, at now: Timestamp) async throws -> Bool {
        try await commit(at: now) { [clock] connection, deltas in
            guard let (session, silence) = try connection.silentSession(id), silence.isStall(at: clock.now) else {
                return false
            }
            try deltas.append(
                before: session, after: session, calling: InboxEntry(reason: .stalled, since: clock.wall(silence.since))
            )
            try connection.note(nil, of: id)
            return true
        }
    }
}

extension SQLConnection {
    /// A session at work with a silence that has not been reported; `nil` if it has none.
    fileprivate func silentSession(_ id: String) throws -> (session: Session, silence: AgentSilence)? {
        try first("SELECT body, silent FROM session WHERE id = ? AND silent IS NOT NULL", [.text(id)]) { row in
            Session(wire: row.blob(0)).map { ($0, AgentSilence(since: Timestamp(nanoseconds: row.int(1)))) }
        } ?? nil
    }

    /// Records since when a session at work is silent; `nil` after the silence was reported.
    func note(_ silence: AgentSilence?, of session: String) throws {
        try run(
            "UPDATE session SET silent = ? WHERE id = ? AND state = ?",
            silence.map { .integer($0.since.nanoseconds) } ?? .null, .text(session),
            .text(SessionState.inProgress.name))
    }
}
