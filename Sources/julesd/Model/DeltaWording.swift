// SPDX-License-Identifier: Apache-2.0

/// A delta in one sentence: the only place that words one, for chat hooks, journal, page and command line alike.
struct DeltaWording: Sendable, Equatable {
    let change: SessionDelta.Change
    let attention: AttentionReason?
    let move: SessionMove

    /// What happened or is needed.
    var sentence: String {
        if change == .deleted { return "The session was deleted." }
        if let attention { return attention.sentence }
        guard move.from == move.to else { return move.to?.sentence(hasPullRequest: move.hasPullRequest) ?? "Changed." }
        // The state is an old one: saying it again would pass for news, and a stalled session for one at work.
        switch move.archived {
        case true?: return "Archived."
        case false?: return "No longer archived."
        case nil: return move.pullRequestIsNew ? "A pull request is ready for review." : "Changed."
        }
    }
}

extension AttentionReason {
    /// What is needed, as a sentence.
    var sentence: String {
        switch self {
        case .plan: "A plan waits for your approval."
        case .question: "Jules waits for your answer."
        case .stalled: "Nothing has been heard of the agent for 15 minutes."
        case .expired: "The plan has expired: nobody approved it in time."
        case .failed: "Failed: see what went wrong."
        case .asked: "Ended on a question that nobody answered."
        }
    }
}

extension SessionState {
    /// What has come about with this state, as a sentence.
    func sentence(hasPullRequest: Bool) -> String {
        switch self {
        case .awaitingPlanApproval: AttentionReason.plan.sentence
        case .awaitingUserFeedback: AttentionReason.question.sentence
        case .completed: hasPullRequest ? "Completed: a pull request is ready for review." : "Completed."
        case .failed: "Failed."
        case .inProgress: "At work."
        case .queued: "Queued."
        case .planning: "A plan is being made."
        case .paused: "Paused."
        case .unspecified: "Changed."
        case .unrecognized(let name): "Now \(name)."
        }
    }
}
