// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Which sessions a client asks for.
struct SessionQuery: Sendable, Hashable {
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
        try await read { connection in
            let candidates = try query.text.map { try connection.candidates(for: $0.searchText) } ?? .all
            let (sql, values) = query.statement(candidates, dialect: connection.dialect)
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
    ///
    /// Sessions of each state are read from an index in the order of the list, no more of them than one page takes.
    ///
    /// - Parameters:
    ///   - candidates: The sessions that may contain the text.
    ///   - dialect: SQLite is told which index to use; PostgreSQL decides by its statistics.
    func statement(
        _ candidates: SearchCandidates = .all, dialect: SQLDialect = .sqlite
    ) -> (sql: String, values: [SQLValue]) {
        let end = "ORDER BY created DESC, id DESC LIMIT ?"
        let limit = SQLValue.integer(Int64(limit) + 1)
        let parts = parts(candidates, dialect)
        guard parts.count > 1 else {
            let part = parts[0]
            return ("SELECT created, id, body FROM session \(part.source) \(end)", part.values + [limit])
        }
        let union = parts.map { "SELECT * FROM (SELECT number, created, id FROM session \($0.source) \(end)) AS part" }
        let page = "SELECT number FROM (\(union.joined(separator: " UNION ALL "))) AS page \(end)"
        return (
            "SELECT created, id, body FROM session WHERE number IN (\(page)) ORDER BY created DESC, id DESC",
            parts.flatMap { $0.values + [limit] } + [limit]
        )
    }

    /// The conditions in parts. For each part one index has the sessions in the order of the list.
    private func parts(_ candidates: SearchCandidates, _ dialect: SQLDialect) -> [Part] {
        let both: [Int64] = archived == .all ? [0, 1] : [archived == .yes ? 1 : 0]
        let each = both.map { [$0] }
        let states = states.isEmpty && attention ? Self.waiting : self.states.sorted { $0.name < $1.name }
        func part(_ index: String, _ states: [SessionState], _ archived: [Int64]) -> Part {
            Part(self, index, states: states, archived: archived, candidates, dialect)
        }
        if case .few = candidates { return [part("NOT INDEXED", states, both)] }
        if repository != nil {
            return each.map { part("INDEXED BY session_repository", states, $0) }
        }
        // With more states than a person chooses, one walk through the list is cheaper than many indexes, of which SQLite joins 500
        // at most (https://www.sqlite.org/limits.html).
        guard states.isEmpty || states.count > Self.mostStatesByIndex else {
            return states.flatMap { state in
                each.map { part("INDEXED BY session_state", [state], $0) }
            }
        }
        let index = archived == .all ? "session_newest_of_all" : "session_newest"
        return [part("INDEXED BY \(index)", states, both)]
    }

    private static let mostStatesByIndex = 20
    fileprivate static let waiting = [SessionState.awaitingPlanApproval, .awaitingUserFeedback]
}

/// Some of the sessions that a query asks for, as conditions in SQL.
private struct Part {
    private let index: String
    private var terms: [String] = []
    private(set) var values: [SQLValue] = []

    var source: String { "\(index)\(terms.isEmpty ? "" : " WHERE ")\(terms.joined(separator: " AND "))" }

    init(
        _ query: SessionQuery, _ index: String, states: [SessionState], archived: [Int64],
        _ candidates: SearchCandidates, _ dialect: SQLDialect
    ) {
        self.index = dialect == .sqlite ? index : ""
        if let repository = query.repository { require("repository = ?", .text(RepositoryName(repository).key)) }
        if archived.count == 1 { require("archived = ?", .integer(archived[0])) }
        if !states.isEmpty { requireState(among: states) }
        if query.attention { requireState(among: SessionQuery.waiting) }
        if let after = query.after { require("(created, id) < (?, ?)", .integer(after.time), .text(after.id)) }
        switch candidates {
        case .all: break
        case .few(let match), .many(let match):
            require("number IN (SELECT rowid FROM session_text WHERE session_text MATCH ?)", .text(match))
        }
        if let text = query.text {
            require(dialect == .sqlite ? "instr(search, ?)" : "strpos(search, ?) > 0", .text(text.searchText))
        }
    }

    private mutating func require(_ term: String, _ value: SQLValue...) {
        terms.append(term)
        values += value
    }

    private mutating func requireState(among states: [SessionState]) {
        let marks = states.map { _ in "?" }.joined(separator: ",")
        terms.append(states.count == 1 ? "state = ?" : "state IN (\(marks))")
        values += states.map { .text($0.name) }
    }
}
