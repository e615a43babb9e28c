// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Marks the sessions that have changed and whose activities have not been read since then.
///
/// The mark commits together with the change, so a daemon that restarts between the two still reads the activities. Each change makes
/// a mark of its own: a reading that began before the newest change does not clear the mark.
extension SessionStore {
    /// The sessions whose activities have still to be read, those that have waited longest first.
    func sessionsWithUnreadActivities() async throws -> [String] {
        try await read { connection in
            try connection.query(
                "SELECT id FROM session WHERE activities_unread IS NOT NULL ORDER BY activities_unread, id"
            ) { $0.text(0) }
        }
    }

    /// The session's mark; `nil` if all of its activities have been read.
    func unreadMark(of session: String) async throws -> Int64? {
        try await read { connection in
            try connection.first("SELECT activities_unread FROM session WHERE id = ?", [.text(session)]) {
                $0.intOrNil(0)
            } ?? nil
        }
    }

    /// Notes that all of the session's activities have been read, unless it has got another mark since the reading began.
    ///
    /// - Parameter mark: The session's mark when the reading began.
    func clearUnreadMark(_ mark: Int64?, of session: String) async throws {
        guard let mark else { return }
        try await write { connection in
            try connection.run(
                "UPDATE session SET activities_unread = NULL WHERE id = ? AND activities_unread = ?", .text(session),
                .integer(mark))
        }
    }
}

extension SQLiteConnection {
    /// Marks the session, whose row is stored already.
    func noteUnreadActivities(of session: String) throws {
        try run("UPDATE session SET activities_unread = (SELECT writes FROM log) WHERE id = ?", .text(session))
    }
}
