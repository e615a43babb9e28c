// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Everything that rules check in one session, in one state of the store.
struct SessionStanding: Sendable {
    let session: Session
    /// Why the session waits for a person; `nil` if it does not.
    let entry: InboxEntry?
    /// Whether the plan or question for which it waits has been read.
    let isRead: Bool
    /// Whether its activities have been read since it changed, and it is clear how it ended.
    let isSettled: Bool
    /// The newest plan or question, if the entry is about one.
    var cause: Activity?
    /// When the newest activity came that ended its work.
    var completed: Timestamp?
    /// The keys of the events about which a rule has decided.
    var decided: Set<String> = []
    /// The first session of its chain of retries.
    var chain: String
    /// Whether a person approved a plan of it.
    var hasApproval = false
}

/// Which sessions rules may match.
struct StandingQuery: Sendable {
    /// Whether to include sessions that have completed and wait for nobody.
    var completed = false
    /// Includes sessions created at or after this time; `nil` for none.
    var createdSince: Timestamp?
}

extension SessionStore {
    /// The values of a session for rules; `nil` if there is no session with this id.
    func standing(of id: String) async throws -> SessionStanding? {
        try await readAtOnce { try $0.standing(of: id) }
    }

    /// The sessions that wait for a person, and those that `query` adds. Archived ones are left out.
    func sessionIDs(_ query: StandingQuery) async throws -> [String] {
        try await read { connection in
            try connection.query(
                """
                SELECT id FROM session WHERE attention IS NOT NULL
                UNION SELECT id FROM session WHERE ?1 = 1 AND archived = 0 AND state = 'COMPLETED'
                UNION SELECT id FROM session WHERE archived = 0 AND created >= ?2
                """,
                [.integer(query.completed ? 1 : 0), .integer(query.createdSince?.nanoseconds ?? .max)]
            ) { $0.text(0) }
        }
    }
}

extension SQLConnection {
    fileprivate func standing(of id: String) throws -> SessionStanding? {
        let row = try first(
            """
            SELECT unread IS NULL, activities_unread IS NULL AND ended IS NULL, body FROM session WHERE id = ?
            """, [.text(id)]
        ) { (isRead: $0.int(0) == 1, isSettled: $0.int(1) == 1, session: Session(wire: $0.blob(2))) }
        guard let row, let session = row.session else { return nil }
        var standing = SessionStanding(
            session: session, entry: try inboxEntry(of: id), isRead: row.isRead, isSettled: row.isSettled,
            chain: try chain(of: id))
        if let cause = standing.entry?.reason.cause {
            standing.cause = try newestBody(of: cause, in: id).flatMap(Activity.init(wire:))
        }
        standing.completed = try newestActivity(of: .sessionCompleted, in: id)
        standing.hasApproval = try hasApproval(id)
        standing.decided = Set(
            try query("SELECT event FROM decision WHERE session = ?", [.text(id)]) { $0.text(0) })
        return standing
    }

    /// Whether a person, and not the API itself, approved a plan of the session.
    private func hasApproval(_ session: String) throws -> Bool {
        try query("SELECT body FROM activity WHERE session = ? AND kind = 'planApproved'", [.text(session)]) { row in
            try JSON(parsing: row.blob(0))["originator"]?.string?.lowercased() == "user"
        }.contains(true)
    }
}
