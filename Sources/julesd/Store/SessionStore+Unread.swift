// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Marks sessions that have changed and whose activities have not been read since.
///
/// The mark commits together with the change, so a daemon that restarts in between still reads the activities. Each change
/// makes a mark of its own: a read that began before the newest change does not clear the mark.
extension SessionStore {
    /// The sessions with unread activities, those that have waited longest first.
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

    /// Records that all of the session's activities have been read, unless it has got another mark since the read began.
    ///
    /// - Parameter mark: the session's mark when the read began.
    func clearUnreadMark(_ mark: Int64?, of session: String) async throws {
        guard let mark else { return }
        try await write { connection in
            try connection.run(
                "UPDATE session SET activities_unread = NULL WHERE id = ? AND activities_unread = ?", .text(session),
                .integer(mark))
        }
    }
}

extension SQLConnection {
    /// Marks the session, whose row is already stored.
    func noteUnreadActivities(of session: String) throws {
        try run("UPDATE session SET activities_unread = (SELECT writes FROM log) WHERE id = ?", .text(session))
    }
}
