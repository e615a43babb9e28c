// SPDX-License-Identifier: Apache-2.0

/// Keeps out answers that a newer one has overtaken. Reads no clock: times are monotonic.
///
/// A list that was asked for before a user's action may arrive after the reading that followed the action, and a slow direct reading
/// after a newer list. Either would undo in the feed what it has told already.
struct StaleAnswerFilter {
    /// No answer is under way for longer than this.
    static let memory = Duration.seconds(600)

    /// For each session, the time before which no request may have begun whose answer still counts.
    private var earliest: [String: Duration] = [:]
    private var capacity = 1000

    /// Whether an answer to a request that began at `asked` may speak for the session. If so, it is taken as recorded.
    ///
    /// - Parameter outdates: answers to requests that began before this time do not count any more; `nil` for `asked`.
    mutating func admit(_ id: String, asked: Duration, outdates: Duration? = nil) -> Bool {
        if let earliest = earliest[id], asked < earliest { return false }
        earliest[id] = outdates ?? asked
        if earliest.count > capacity {
            earliest = earliest.filter { $0.value > asked - Self.memory }
            // A large account is not looked through again for each of its sessions.
            capacity = max(1000, 2 * earliest.count)
        }
        return true
    }
}
