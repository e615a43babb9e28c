// SPDX-License-Identifier: Apache-2.0

/// What a session's activities show of how it ended.
struct SessionHistory: Sendable, Equatable {
    /// Which kinds of activity there are.
    let kinds: Set<Activity.Kind>
    /// The agent's newest message, if neither agent nor person has done anything since but end.
    let lastWord: String?

    /// Nothing but a plan: nobody approved it, and nothing was done.
    var isPlanOnly: Bool {
        kinds.contains(.planGenerated) && kinds.isDisjoint(with: [.planApproved, .progressUpdated, .agentMessaged])
    }

    /// The last word is a question.
    var endsOnQuestion: Bool {
        guard let last = lastWord?.last(where: { !$0.isWhitespace }) else { return false }
        // Also as Chinese and Japanese, and Arabic write it.
        return "?？؟".contains(last)
    }
}
