// SPDX-License-Identifier: Apache-2.0

/// The state of a session in the spelling of the API. Any text is allowed, because a test may need an unknown state.
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

    /// Whether the session counts against the limit of active sessions.
    var isActive: Bool { ![.paused, .failed, .completed].contains(self) }
}
