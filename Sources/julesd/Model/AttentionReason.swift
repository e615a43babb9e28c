// SPDX-License-Identifier: Apache-2.0

/// Why a session waits for a person. The inbox and a delta's `attention` name it.
enum AttentionReason: String, Sendable, CaseIterable {
    /// A plan waits for approval.
    case plan
    /// The agent has asked something and waits for the answer.
    case question
    /// The agent is at work, and has been silent for too long.
    case stalled
    /// The session ended because nobody approved its plan in time.
    case expired
    /// The session failed.
    case failed
    /// The session ended on a question that nobody answered.
    case asked
}

extension AttentionReason {
    /// The reason that arises when a session goes from `before` to `after`; `nil` if none does. An archived session needs
    /// nobody.
    ///
    /// - Parameter isAnswered: whether a person is known to have answered the plan or question for which `before` waited.
    init?(from before: Session?, to after: Session, isAnswered: Bool = false) {
        let isTakenBack = before?.archived == true && after.state.waitsForPerson
        guard !after.archived, before?.state != after.state || isTakenBack else { return nil }
        switch (before?.state, after.state) {
        case (_, let state) where state.waitsForPerson:
            self = state == .awaitingPlanApproval ? .plan : .question
        case (_, .failed): self = .failed
        case (.awaitingPlanApproval, .completed) where !after.hasOutputs && !isAnswered: self = .expired
        case (.awaitingUserFeedback, .completed) where !isAnswered: self = .asked
        default: return nil
        }
    }

    /// The reason that the activities of a completed session show if nobody has seen it wait; `nil` if they show none.
    init?(endOf session: Session, history: SessionHistory) {
        guard session.state == .completed, !session.archived, !session.hasOutputs else { return nil }
        if history.isPlanOnly {
            self = .expired
        } else if history.endsOnQuestion {
            self = .asked
        } else {
            return nil
        }
    }

    /// The kind of activity that caused the reason, and that a person answers; `nil` if the reason has no such activity.
    var cause: Activity.Kind? {
        switch self {
        case .plan, .expired: .planGenerated
        case .question, .asked: .agentMessaged
        case .stalled, .failed: nil
        }
    }
}
