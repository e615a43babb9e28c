// SPDX-License-Identifier: Apache-2.0

/// Drops answers that a newer one has overtaken. Reads no clock: times are monotonic.
///
/// A list that was requested before a user's action may arrive after the read that followed the action. A slow direct read
/// may arrive after a newer list. Either would undo in the feed what it has already reported.
struct StaleAnswerFilter {
    /// No request lasts longer than this.
    static let memory = Duration.seconds(600)

    /// For each session, answers to requests that began before this time are dropped.
    private var earliest: [String: Duration] = [:]
    private var capacity = 1000

    /// Whether an answer to a request that began at `asked` may be used for the session. If so, it counts as recorded.
    ///
    /// - Parameter outdates: answers to requests that began before this time are dropped from now on; `nil` for `asked`.
    mutating func admit(_ id: String, asked: Duration, outdates: Duration? = nil) -> Bool {
        if let earliest = earliest[id], asked < earliest { return false }
        earliest[id] = outdates ?? asked
        if earliest.count > capacity {
            earliest = earliest.filter { $0.value > asked - Self.memory }
            // Doubled, so that a large account is not searched again for each of its sessions.
            capacity = max(1000, 2 * earliest.count)
        }
        return true
    }
}
