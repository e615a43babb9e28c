// SPDX-License-Identifier: Apache-2.0

/// What one instance tells the others beside the log, so that their clients hear it too.
enum Announcement: Sendable, Equatable {
    /// An entry of the queue has changed.
    case queueEntry(String)
    /// A session has new activities.
    case activities(session: String, ids: [String])

    /// The bytes of ids in one text. A notification carries less than 8,000 bytes
    /// (<https://www.postgresql.org/docs/current/sql-notify.html>).
    private static let mostBytes = 6_000

    /// The texts for the server, each with the number of the instance's run at its start.
    func texts(from run: String) -> [String] {
        switch self {
        case .queueEntry(let id): return ["\(run)\tqueue\t\(id)"]
        case .activities(let session, let ids):
            var texts: [String] = []
            var size = 0
            for id in ids {
                size += id.utf8.count + 1
                if size > Self.mostBytes || texts.isEmpty {
                    texts.append("\(run)\tactivities\t\(session)")
                    size = id.utf8.count + 1
                }
                texts[texts.count - 1] += "\t\(id)"
            }
            return texts
        }
    }

    /// Reads a text of another instance; `nil` for one of this run, or one that says only that somebody has written.
    init?(_ text: String, notFrom run: String) {
        let words = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard words.count >= 3, words[0] != run else { return nil }
        switch words[1] {
        case "queue": self = .queueEntry(words[2])
        case "activities": self = .activities(session: words[2], ids: Array(words.dropFirst(3)))
        default: return nil
        }
    }
}
