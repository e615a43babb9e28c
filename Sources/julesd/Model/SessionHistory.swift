// SPDX-License-Identifier: Apache-2.0

/// What a session's activities say about how it ended.
struct SessionHistory: Sendable, Equatable {
    /// Which kinds of activity there are.
    let kinds: Set<Activity.Kind>
    /// The agent's newest message, if nothing but the end of the session followed it.
    let lastWord: String?

    /// The session has only a plan: nobody approved it, and nothing was done.
    var isPlanOnly: Bool {
        kinds.contains(.planGenerated) && kinds.isDisjoint(with: [.planApproved, .progressUpdated, .agentMessaged])
    }

    /// The last message is a question.
    var endsOnQuestion: Bool {
        guard let last = lastWord?.last(where: { !$0.isWhitespace }) else { return false }
        // Also the question marks of Chinese, Japanese and Arabic.
        return "?？؟".contains(last)
    }
}
