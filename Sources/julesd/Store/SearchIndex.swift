// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The sessions that may contain a text. Each of them is then tested by its own text.
enum SearchCandidates: Equatable {
    /// All sessions: the text is too short for the index or is in very many sessions, or the index is not complete yet.
    case all
    /// The rows of session_text that match the value. They are few, and are read one by one.
    case few(String)
    /// The rows of session_text that match the value. The list is read in its order, and other rows are skipped.
    case many(String)

    /// The most rows that are read one by one.
    static let few: Int64 = 200
    /// If more rows match, the list is read without the index: a page is full after a few rows.
    static let many: Int64 = 20_000

    /// The FTS5 query for texts with all three-character parts of `text`; `nil` if the index cannot help.
    static func match(_ text: String) -> String? {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count >= 3, !scalars.contains("\0") else { return nil }
        var seen: Set<String> = []
        let parts = (2..<scalars.count).map { end in
            String(String.UnicodeScalarView(scalars[(end - 2)...end])).replacing("\"", with: "\"\"")
        }.filter { seen.insert($0).inserted }
        return parts.prefix(longest).map { "\"\($0)\"" }.joined(separator: " AND ")
    }

    /// More parts of a text hardly exclude more sessions.
    private static let longest = 100
}

extension SQLConnection {
    /// The sessions that may contain `text`, which is in the form of `searchText`.
    func candidates(for text: String) throws -> SearchCandidates {
        guard dialect == .sqlite, let match = SearchCandidates.match(text), try isSearchable(.max) else { return .all }
        let count = try first(
            "SELECT count(*) FROM (SELECT rowid FROM session_text WHERE session_text MATCH ? LIMIT ?) AS found",
            [.text(match), .integer(SearchCandidates.many + 1)]
        ) { $0.int(0) }
        return switch count ?? 0 {
        case ...SearchCandidates.few: .few(match)
        case ...SearchCandidates.many: .many(match)
        default: .all
        }
    }

    /// Updates the index after a change of a session's row, in the same transaction. PostgreSQL has no such index.
    ///
    /// - Parameters:
    ///   - number: The row's number; `nil` for the row that was just added.
    ///   - before: The row's text before; `nil` for a new row.
    ///   - after: The row's text now; `nil` for a deleted row.
    func noteSearchText(of number: Int64?, from before: String?, to after: String?) throws {
        if let before, let after, before.utf8.elementsEqual(after.utf8) { return }
        guard let number = number ?? (self as? SQLiteConnection)?.lastInsertRowID, try isSearchable(number) else {
            return
        }
        if let before {
            try run(
                "INSERT INTO session_text (session_text, rowid, search) VALUES ('delete', ?, ?)", .integer(number),
                .text(before.indexed))
        }
        if let after { try addSearchText(of: number, after) }
    }

    private func addSearchText(of number: Int64, _ text: String) throws {
        try run("INSERT INTO session_text (rowid, search) VALUES (?, ?)", .integer(number), .text(text.indexed))
    }

    private func isSearchable(_ number: Int64) throws -> Bool {
        guard dialect == .sqlite else { return false }
        return try first("SELECT searchable >= ? FROM log", [.integer(number)]) { $0.int(0) == 1 } ?? false
    }

    /// Adds the next sessions to the index.
    fileprivate func indexSessions(limit: Int64) throws {
        let rows = try query(
            "SELECT number, search FROM session WHERE number > (SELECT searchable FROM log) ORDER BY number LIMIT ?",
            [.integer(limit)]
        ) { (number: $0.int(0), text: $0.text(1)) }
        for row in rows { try addSearchText(of: row.number, row.text) }
        try run("UPDATE log SET searchable = ?", .integer(rows.last?.number ?? .max))
    }
}

extension SessionStore {
    /// The number of sessions that one step adds to the index: so few that no commit waits noticeably for it.
    static let indexBatch: Int64 = 100

    /// Adds the next sessions of an older store to the index; `false` if all are in it.
    func indexStep() async throws -> Bool {
        // Only SQLite has this index.
        guard writer is SQLiteDatabase else { return false }
        let isDone = try await read { try $0.first("SELECT searchable FROM log") { $0.int(0) == .max } ?? true }
        if !isDone { try await write { try $0.indexSessions(limit: Self.indexBatch) } }
        return !isDone
    }

    /// Builds the index of a store from an earlier version, in small steps. Until it is complete, searches do not use it.
    func makeSearchIndex() async {
        while !Task.isCancelled {
            do {
                guard try await indexStep() else { return }
                try await Task.sleep(for: Retention.breath)
            } catch {
                // ``health`` has reported what is wrong with the store.
                try? await Task.sleep(for: Retention.interval)
            }
        }
    }
}

extension String {
    /// The text for session_text. SQLite's tokenizer stops at a NUL.
    fileprivate var indexed: String { replacing("\0", with: "\u{FFFD}") }
}
