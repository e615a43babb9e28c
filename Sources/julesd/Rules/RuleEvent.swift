// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// An event of a session, with the values that rules check.
struct RuleEvent: Sendable, Equatable {
    /// What happened: a reason of the inbox, or a change that needs nobody.
    enum Kind: String, Sendable, CaseIterable {
        case plan, question, stalled, expired, failed, asked
        case created, completed

        init(_ reason: AttentionReason) {
            switch reason {
            case .plan: self = .plan
            case .question: self = .question
            case .stalled: self = .stalled
            case .expired: self = .expired
            case .failed: self = .failed
            case .asked: self = .asked
            }
        }
    }

    var kind: Kind
    var sessionID: String
    /// `owner/name`; empty without a repository.
    var repository = ""
    /// The branch from which the session starts; empty if it is not known.
    var branch = ""
    var title = ""
    var prompt = ""
    /// The plan's steps and descriptions, or the question; empty if the event has neither.
    var text = ""
    /// The plan's id; `nil` if the event is not about a plan.
    var planID: String?
    /// How many steps the plan has; `nil` without a plan.
    var planSteps: Int?
    /// When it happened.
    var at: Timestamp

    /// Identifies the event among all events of its session. A plan is identified by its id, because its time may not be
    /// known yet.
    var key: String {
        if kind == .created { return kind.rawValue }
        if kind == .plan, let planID { return "plan \(planID)" }
        return "\(kind.rawValue) \(at.nanoseconds)"
    }
}
