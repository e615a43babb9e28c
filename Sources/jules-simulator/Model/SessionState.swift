// SPDX-License-Identifier: Apache-2.0

/// The state of a session as the API spells it; open, because a test may want one that no client knows.
struct SessionState: Sendable, Hashable {
    var rawValue: String

    static let queued = SessionState(rawValue: "QUEUED")
    static let planning = SessionState(rawValue: "PLANNING")
    static let awaitingPlanApproval = SessionState(rawValue: "AWAITING_PLAN_APPROVAL")
    static let awaitingUserFeedback = SessionState(rawValue: "AWAITING_USER_FEEDBACK")
    static let inProgress = SessionState(rawValue: "IN_PROGRESS")
    static let paused = SessionState(rawValue: "PAUSED")
    static let failed = SessionState(rawValue: "FAILED")
    static let completed = SessionState(rawValue: "COMPLETED")

    /// True where the session takes one of the account's slots.
    var isActive: Bool { ![.paused, .failed, .completed].contains(self) }
}
