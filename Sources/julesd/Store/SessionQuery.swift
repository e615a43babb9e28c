// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Which sessions a client asks for.
struct SessionQuery: Sendable, Equatable {
    enum Archived: Sendable {
        case no, yes, all
    }

    /// Any of these; empty means every state.
    var states: Set<SessionState> = []
    /// `owner/name` in any case, with or without `.git`.
    var repository: String?
    var archived = Archived.no
    /// Only those that wait for a person.
    var attention = false
    /// Part of title, prompt or id, in any case and with accented letters in either form.
    var text: String?
    var limit = 100
    /// The position after which the page begins; `nil` for the first page.
    var after: ListPlace?
}

/// One page of sessions, newest first.
struct SessionPage: Sendable {
    /// The API's texts.
    let bodies: [[UInt8]]
    /// The position after which the next page begins; `nil` on the last one.
    let next: ListPlace?
}

extension SessionStore {
    /// The sessions that match `query`, newest first.
    func sessions(_ query: SessionQuery) async throws -> SessionPage {
        let (sql, values) = query.statement
        return try await read { connection in
            let rows = try connection.query(sql, values) {
                (place: ListPlace(time: $0.int(0), id: $0.text(1)), body: $0.blob(2))
            }
            let page = rows.prefix(query.limit)
            return SessionPage(bodies: page.map(\.body), next: rows.count > query.limit ? page.last?.place : nil)
        }
    }
}

extension SessionStore {
    /// The repository of a stored session whose name is most similar to `name`; `nil` if a session has exactly this one, or
    /// none is similar.
    func repository(near name: String) async throws -> String? {
        let key = RepositoryName(name).key
        return try await read { connection in
            let known = try connection.query("SELECT DISTINCT repository FROM session WHERE repository <> ''") {
                $0.text(0)
            }
            return known.contains(key) ? nil : key.nearest(among: known)
        }
    }
}

extension SessionQuery {
    /// The statement for the page, with one more row that shows whether there is another page.
    var statement: (sql: String, values: [SQLiteValue]) {
        let (condition, values) = condition
        let sql = "SELECT created, id, body FROM session WHERE \(condition) ORDER BY created DESC, id DESC LIMIT ?"
        return (sql, values + [.integer(Int64(limit) + 1)])
    }

    private var condition: (sql: String, values: [SQLiteValue]) {
        var terms: [String] = []
        var values: [SQLiteValue] = []
        func require(_ term: String, _ value: SQLiteValue...) {
            terms.append(term)
            values += value
        }
        func requireState(among states: some Collection<SessionState>) {
            let marks = Array(repeating: "?", count: states.count).joined(separator: ",")
            terms.append("state IN (\(marks))")
            values += states.map { .text($0.name) }.sorted { "\($0)" < "\($1)" }
        }
        if !states.isEmpty { requireState(among: states) }
        if attention { requireState(among: [.awaitingPlanApproval, .awaitingUserFeedback]) }
        if let repository { require("repository = ?", .text(RepositoryName(repository).key)) }
        if archived != .all { require("archived = ?", .integer(archived == .yes ? 1 : 0)) }
        if let text { require("instr(search, ?)", .text(text.searchText)) }
        if let after { require("(created, id) < (?, ?)", .integer(after.time), .text(after.id)) }
        return (terms.isEmpty ? "1" : terms.joined(separator: " AND "), values)
    }
}
