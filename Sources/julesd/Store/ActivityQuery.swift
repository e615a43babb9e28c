// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One page of a session's activities, oldest first.
struct ActivityPage: Sendable {
    /// The API's texts.
    let bodies: [[UInt8]]
    /// The id after which the next page begins; `nil` on the last page.
    let next: String?
}

extension SessionStore {
    /// The stored activities of a session after the activity `after`, oldest first; `nil` if no activity has that id.
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

    /// The id of the newest plan in a session's stored activities; `nil` if there is none.
    func newestPlan(of session: String) async throws -> String? {
        try await read { connection in
            let body = try connection.newestBody(of: .planGenerated, in: session)
            return body.flatMap(Plan.init(activity:))?.id
        }
    }
}

/// Which activities of a session a client asks for.
struct ActivityQuery: Sendable, Equatable {
    let session: String
    /// Empty means every kind.
    var kinds: [Activity.Kind] = []
    var newestFirst = false
    var limit = 20
    /// The id of the activity after which the page begins, in the requested order.
    var after: String?
}

extension SessionStore {
    /// The stored activities that match `query`; `nil` if no activity has the id `after`.
    func activities(_ query: ActivityQuery) async throws -> ActivityPage? {
        try await read { connection in
            var condition = "session = ?"
            var values: [SQLValue] = [.text(query.session)]
            if !query.kinds.isEmpty {
                condition += " AND kind IN (\(query.kinds.map { _ in "?" }.joined(separator: ",")))"
                values += query.kinds.map { .text($0.rawValue) }
            }
            if let after = query.after {
                let place = try connection.first(
                    "SELECT created, number FROM activity WHERE session = ? AND id = ?",
                    [.text(query.session), .text(after)]
                ) { (created: $0.int(0), number: $0.int(1)) }
                guard let place else { return nil }
                condition += " AND (created, number) \(query.newestFirst ? "<" : ">") (?, ?)"
                values += [.integer(place.created), .integer(place.number)]
            }
            let order = query.newestFirst ? "created DESC, number DESC" : "created, number"
            let rows = try connection.query(
                "SELECT id, body FROM activity WHERE \(condition) ORDER BY \(order) LIMIT ?",
                values + [.integer(Int64(query.limit) + 1)]
            ) { (id: $0.text(0), body: $0.blob(1)) }
            let page = rows.prefix(query.limit)
            return ActivityPage(bodies: page.map(\.body), next: rows.count > query.limit ? page.last?.id : nil)
        }
    }

    /// The stored activities with these ids, in the same order.
    func activities(_ ids: [String], of session: String) async throws -> [Activity] {
        try await read { connection in
            try ids.compactMap { id in
                try connection.first(
                    "SELECT body FROM activity WHERE session = ? AND id = ?", [.text(session), .text(id)]
                ) { Activity(wire: $0.blob(0)) } ?? nil
            }
        }
    }

    /// One stored activity, as the API sent it; `nil` if it is not stored.
    func activity(_ id: String, of session: String) async throws -> [UInt8]? {
        try await read { connection in
            try connection.first(
                "SELECT body FROM activity WHERE session = ? AND id = ?", [.text(session), .text(id)]
            ) { $0.blob(0) }
        }
    }

    /// The activity with a session's newest plan, and whether it has been approved since; `nil` if no plan is stored.
    func newestPlanActivity(of session: String) async throws -> (body: [UInt8], isApproved: Bool)? {
        try await read { connection in
            guard let body = try connection.newestBody(of: .planGenerated, in: session),
                let planned = try connection.newestActivity(of: .planGenerated, in: session)
            else { return nil }
            let approved = try connection.newestActivity(of: .planApproved, in: session)
            return (body, approved.map { $0 >= planned } ?? false)
        }
    }

    /// The newest stored activity of one of these kinds, as the API sent it; `nil` if there is none.
    func newestActivity(of kinds: [Activity.Kind], in session: String) async throws -> [UInt8]? {
        try await activities(ActivityQuery(session: session, kinds: kinds, newestFirst: true, limit: 1))?.bodies.first
    }
}
