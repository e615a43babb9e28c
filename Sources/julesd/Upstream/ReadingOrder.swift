// SPDX-License-Identifier: Apache-2.0

/// Tells which of two readings of one session is the newer, when answers overtake each other.
///
/// A list that was asked for before a user's action may arrive after the reading that followed the action, and would undo it in the
/// feed. A reading is dropped where a direct one, asked for later, has been recorded already. Times are monotonic.
struct ReadingOrder {
    /// No answer is under way for longer than this.
    static let memory = Duration.seconds(600)

    private var direct: [String: Duration] = [:]

    /// Notes that the session was read, created or deleted directly by a request that began at `asked`.
    mutating func noteDirect(_ id: String, asked: Duration) {
        direct[id] = max(asked, direct[id] ?? asked)
        if direct.count > 1000 {
            direct = direct.filter { $0.value > asked - Self.memory }
        }
    }

    /// Whether an answer to a request that began at `asked` may still speak for the session.
    func isCurrent(_ id: String, asked: Duration) -> Bool {
        asked >= direct[id] ?? asked
    }
}
