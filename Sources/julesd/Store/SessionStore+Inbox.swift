// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Which part of the inbox a client asks for.
struct InboxQuery: Sendable, Equatable {
    /// `nil` for every reason.
    var reason: AttentionReason?
    /// `nil` for every session.
    var session: String?
    var newestFirst = false
    var limit = 500
    /// The position after which the page begins; only for oldest first.
    var after: ListPlace?

    /// Counts the items by reason, and finds the oldest of each.
    static let counts = """
        SELECT attention, count(*), min(attention_since) FROM session WHERE attention IS NOT NULL GROUP BY attention
        """

    /// The statement for the page, with one more row that shows whether there is another page.
    var statement: (sql: String, values: [SQLValue]) {
        var condition = "attention IS NOT NULL"
        var values: [SQLValue] = []
        if let reason {
            condition += " AND attention = ?"
            values.append(.text(reason.rawValue))
        }
        if let session {
            condition += " AND id = ?"
            values.append(.text(session))
        }
        if let after {
            condition += " AND (attention_since, id) > (?, ?)"
            values += [.integer(after.time), .text(after.id)]
        }
        let order = newestFirst ? "attention_since DESC, id DESC" : "attention_since, id"
        let sql = """
            SELECT id, attention, attention_since, unread IS NULL, body FROM session
            WHERE \(condition) ORDER BY \(order) LIMIT ?
            """
        return (sql, values + [.integer(Int64(limit) + 1)])
    }
}

/// One page of the inbox, oldest first.
struct InboxPage: Sendable {
    let items: [InboxItem]
    /// The position after which the next page begins; `nil` on the last one.
    let next: ListPlace?
}

/// The numbers of the inbox.
struct InboxSummary: Sendable {
    var counts: [AttentionReason: Int] = [:]
    /// Since when the oldest item has waited; `nil` if there is none.
    var oldest: Timestamp?

    /// How long the oldest item has waited; zero if there is none.
    func age(at now: Timestamp) -> Duration { oldest.map { max(.zero, now.duration(since: $0)) } ?? .zero }
}

extension SessionStore {
    /// The items that wait for a person, oldest first, one for each session.
    func inbox(_ query: InboxQuery = InboxQuery()) async throws -> InboxPage {
        let (sql, values) = query.statement
        return try await read { connection in
            let rows = try connection.query(sql, values) { row in
                (entry: InboxEntry(row, at: 1), item: (id: row.text(0), isRead: row.int(3) == 1, body: row.blob(4)))
            }
            let page = rows.prefix(query.limit)
            let items = try page.compactMap { entry, item in
                try entry.map { try connection.item($0, of: item.id, isRead: item.isRead, body: item.body) }
            }
            let last = page.last.flatMap { row in row.entry.map { (row.item.id, $0.since.nanoseconds) } }
            let next = last.map { ListPlace(time: $0.1, id: $0.0) }
            return InboxPage(items: items, next: rows.count > query.limit ? next : nil)
        }
    }

    /// How many sessions wait for a person, by reason.
    func inboxCounts() async throws -> [AttentionReason: Int] { try await inboxSummary().counts }

    /// The number of items by reason, and since when the oldest has waited.
    func inboxSummary() async throws -> InboxSummary {
        try await read { connection in
            var summary = InboxSummary()
            try connection.forEach(InboxQuery.counts) { row in
                guard let reason = AttentionReason(rawValue: row.text(0)) else { return true }
                summary.counts[reason] = Int(row.int(1))
                let since = Timestamp(nanoseconds: row.int(2))
                summary.oldest = min(summary.oldest ?? since, since)
                return true
            }
            return summary
        }
    }

    /// The inbox entries of these sessions, by id.
    func inboxEntries(of sessions: [String]) async throws -> [String: InboxEntry] {
        try await read { connection in
            var entries: [String: InboxEntry] = [:]
            for id in sessions { entries[id] = try connection.inboxEntry(of: id) }
            return entries
        }
    }

    /// Removes a session's item from the inbox, until there is a newer reason. Returns `false` if there is no item, `nil` if
    /// there is no session.
    func acknowledge(_ id: String) async throws -> Bool? {
        try await write { connection in
            let known = try connection.first("SELECT attention IS NOT NULL FROM session WHERE id = ?", [.text(id)]) {
                $0.int(0) == 1
            }
            if known == true { try connection.setInboxEntry(nil, of: id) }
            return known
        }
    }
}

extension SQLConnection {
    /// A session's entry in the inbox; `nil` if there is none.
    func inboxEntry(of session: String) throws -> InboxEntry? {
        try first("SELECT attention, attention_since FROM session WHERE id = ?", [.text(session)]) {
            InboxEntry($0, at: 0)
        } ?? nil
    }

    /// Adds a session to the inbox, or removes it.
    func setInboxEntry(_ entry: InboxEntry?, of session: String) throws {
        try run(
            "UPDATE session SET attention = ?, attention_since = ? WHERE id = ?", SQLValue(entry?.reason.rawValue),
            SQLValue(entry?.since.nanoseconds), .text(session))
    }

    /// Removes a session from the inbox if its change has ended its item.
    func settleInbox(from before: Session, to after: Session) throws {
        guard before.state != after.state || after.archived, let entry = try inboxEntry(of: after.id),
            entry.isOver(from: before, to: after)
        else { return }
        try setInboxEntry(nil, of: after.id)
    }

    /// Removes a session from the inbox if the activities that were just stored have ended its item.
    func settleInbox(afterReading activities: [Activity], of session: String) throws {
        guard let entry = try inboxEntry(of: session) else { return }
        let answered = try entry.reason.cause == nil ? nil : newestAnswer(in: session)
        let caused = try entry.reason.cause.flatMap { try newestActivity(of: $0, in: session) }
        guard entry.isOver(afterReading: activities, answered: answered, caused: caused) else { return }
        try setInboxEntry(nil, of: session)
    }

    /// Whether a person is known to have answered the newest plan or question for which a session waits.
    func isAnswered(_ session: Session) throws -> Bool {
        guard session.state.waitsForPerson, let answered = try newestAnswer(in: session.id) else { return false }
        let cause = Activity.Kind.allCases.first(where: session.state.isBegunBy)
        return try answered > cause.flatMap { try newestActivity(of: $0, in: session.id) } ?? answered
    }

    /// When the newest stored activity of this kind came; `nil` if there is none.
    func newestActivity(of kind: Activity.Kind, in session: String) throws -> Timestamp? {
        try first(
            "SELECT max(created) FROM activity WHERE session = ? AND kind = ?", [.text(session), .text(kind.rawValue)]
        ) { $0.intOrNil(0).map(Timestamp.init(nanoseconds:)) } ?? nil
    }

    /// When a person last approved a plan of the session or wrote to it; `nil` if never.
    private func newestAnswer(in session: String) throws -> Timestamp? {
        try [Activity.Kind.userMessaged, .planApproved].compactMap { try newestActivity(of: $0, in: session) }.max()
    }

    /// - Parameter isRead: whether the plan or question for which the session waits has been read. If not, only older ones
    ///   are stored.
    fileprivate func item(
        _ entry: InboxEntry, of session: String, isRead: Bool, body: [UInt8]
    ) throws -> InboxItem {
        var item = InboxItem(sessionID: session, entry: entry, session: body)
        guard isRead, let cause = entry.reason.cause, let activity = try newestBody(of: cause, in: session) else {
            return item
        }
        if cause == .planGenerated {
            item.plan = Plan(activity: activity)
        } else {
            item.question = agentMessage(activity: activity)
        }
        return item
    }

    /// The newest stored activity of this kind, as the API sent it; `nil` if there is none.
    func newestBody(of kind: Activity.Kind, in session: String) throws -> [UInt8]? {
        try first(
            "SELECT body FROM activity WHERE session = ? AND kind = ? ORDER BY created DESC, number DESC LIMIT 1",
            [.text(session), .text(kind.rawValue)]
        ) { $0.blob(0) }
    }
}

extension InboxEntry {
    /// The entry in two columns of a row, reason and time; `nil` if they are NULL.
    fileprivate init?(_ row: SQLRow, at column: Int32) {
        guard let since = row.intOrNil(column + 1), let reason = AttentionReason(rawValue: row.text(column)) else {
            return nil
        }
        self.init(reason: reason, since: Timestamp(nanoseconds: since))
    }
}
