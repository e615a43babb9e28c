// SPDX-License-Identifier: Apache-2.0

public import DaemonSupport

/// A delta in one sentence. Chat hooks, journal and command line all use this wording.
public struct DeltaWording: Sendable, Equatable {
    /// The parts of a session that the wording needs, at one moment.
    public struct Standing: Sendable, Equatable {
        /// The name of the state in the API.
        public let state: String
        /// Whether the session is archived.
        public let isArchived: Bool
        /// Whether the session has a pull request.
        public let hasPullRequest: Bool

        /// A standing with these values.
        public init(state: String, isArchived: Bool, hasPullRequest: Bool) {
            self.state = state
            self.isArchived = isArchived
            self.hasPullRequest = hasPullRequest
        }
    }

    /// The reason why the session has begun to wait for a person; `nil` if it has not.
    public let attention: String?
    /// The session before the change; `nil` if it did not exist.
    public let before: Standing?
    /// The session after the change; `nil` if it no longer exists.
    public let after: Standing?
    /// The name of the rule that made the change; `nil` if none did.
    public let rule: String?

    /// The wording for these parts of a delta.
    public init(attention: String?, before: Standing?, after: Standing?, rule: String? = nil) {
        self.attention = attention
        self.rule = rule
        self.before = before
        self.after = after
    }

    /// What happened, or what is needed.
    public var sentence: String {
        guard let after else { return "The session was deleted." }
        if let attention { return Self.sentence(ofReason: attention) }
        if let rule, let before { return "\(Self.act(from: before, to: after)) by rule \(rule)." }
        guard before?.state == after.state else {
            return Self.sentence(ofState: after.state, hasPullRequest: after.hasPullRequest)
        }
        // The state did not change. To name it again would look like news, and would make a stalled session look
        // active.
        if after.isArchived != before?.isArchived { return after.isArchived ? "Archived." : "No longer archived." }
        return after.hasPullRequest && before?.hasPullRequest == false
            ? "A pull request is ready for review." : "Changed."
    }
}

extension DeltaWording {
    /// What a person has to do for a reason of the inbox.
    public static func sentence(ofReason reason: String) -> String {
        switch reason {
        case "plan": "A plan waits for your approval."
        case "question": "Jules waits for your answer."
        case "stalled": "Nothing has been heard of the agent for 15 minutes."
        case "expired": "The plan has expired: nobody approved it in time."
        case "failed": "Failed: see what went wrong."
        case "asked": "Ended on a question that nobody answered."
        default: "Waits for you: \(reason)."
        }
    }

    /// What a rule did if it changed a session from `before` to `after`.
    private static func act(from before: Standing, to after: Standing) -> String {
        if after.isArchived, !before.isArchived { return "Archived" }
        return before.state == "AWAITING_PLAN_APPROVAL" ? "Approved" : "Answered"
    }

    private static func sentence(ofState state: String, hasPullRequest: Bool) -> String {
        switch state {
        case "AWAITING_PLAN_APPROVAL": sentence(ofReason: "plan")
        case "AWAITING_USER_FEEDBACK": sentence(ofReason: "question")
        case "COMPLETED": hasPullRequest ? "Completed: a pull request is ready for review." : "Completed."
        case "FAILED": "Failed."
        case "IN_PROGRESS": "At work."
        case "QUEUED": "Queued."
        case "PLANNING": "A plan is being made."
        case "PAUSED": "Paused."
        case "STATE_UNSPECIFIED": "Changed."
        default: "Now \(state)."
        }
    }
}

extension DeltaWording {
    /// The wording for a delta's JSON.
    public init(delta: JSON) {
        self.init(
            attention: delta["attention"]?.string, before: delta["before"].flatMap(Standing.init),
            after: delta["after"].flatMap(Standing.init), rule: delta["rule"]?.string)
    }
}

extension DeltaWording.Standing {
    /// The standing in a session's JSON; `nil` if there is no session.
    fileprivate init?(_ session: JSON) {
        guard session.object != nil else { return nil }
        self.init(
            state: session["state"]?.string ?? "STATE_UNSPECIFIED", isArchived: session["archived"]?.bool ?? false,
            hasPullRequest: session["outputs"]?.array?.contains { $0["pullRequest"]?["url"]?.string != nil } ?? false)
    }
}
