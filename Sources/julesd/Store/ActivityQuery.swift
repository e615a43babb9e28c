// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One page of a session's activities, oldest first.
struct ActivityPage: Sendable {
    /// The API's texts.
    let bodies: [[UInt8]]
    /// The id to go on after; `nil` on the last page.
    let next: String?
}

extension ChangeLog {
    /// The stored activities of a session after the activity `after`, oldest first; `nil` where no activity has that id.
    func activities(of session: String, after: String?, limit: Int) async throws -> ActivityPage? {
        try await read { connection in
            var start: (created: Int64, number: Int64) = (.min, .min)
            if let after {
                let place = try connection.first(
                    "SELECT created, number FROM activity WHERE session = ? AND id = ?", [.text(session), .text(after)]
                ) { (created: $0.int(0), number: $0.int(1)) }
                guard let place else { return nil }
                start = place
            }
            let rows = try connection.query(
                """
                SELECT id, body FROM activity WHERE session = ? AND (created, number) > (?, ?)
                ORDER BY created, number LIMIT ?
                """,
                [.text(session), .integer(start.created), .integer(start.number), .integer(Int64(limit) + 1)]
            ) { (id: $0.text(0), body: $0.blob(1)) }
            let page = rows.prefix(limit)
            return ActivityPage(bodies: page.map(\.body), next: rows.count > limit ? page.last?.id : nil)
        }
    }

    /// The stored activities of a session that were created at or after `time`, oldest first.
    func activities(of session: String, createdAfter time: Timestamp) async throws -> [Activity] {
        try await read { connection in
            try connection.query(
                "SELECT body FROM activity WHERE session = ? AND created >= ? ORDER BY created, number",
                [.text(session), .integer(time.nanoseconds)]
            ) { Activity(wire: $0.blob(0)) }.compactMap(\.self)
        }
    }

    /// The names of the stored activities of a session that were created at or after `time`.
    func activityNames(of session: String, createdAfter time: Timestamp) async throws -> Set<String> {
        Set(try await activities(of: session, createdAfter: time).map { $0.name(in: session) })
    }

    /// The id of the newest plan that a session's stored activities show; `nil` where there is none.
    func newestPlan(of session: String) async throws -> String? {
        try await read { connection in
            let body = try connection.newestBody(of: .planGenerated, in: session)
            return body.flatMap(Plan.init(activity:))?.id
        }
    }
}
