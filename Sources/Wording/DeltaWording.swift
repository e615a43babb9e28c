// SPDX-License-Identifier: Apache-2.0

public import DaemonSupport

/// A delta in one sentence: the only place that words one, for chat hooks, journal and command line alike.
public struct DeltaWording: Sendable, Equatable {
    /// What a delta tells of its session at one moment.
    public struct Standing: Sendable, Equatable {
        /// The API's name of the state.
        public let state: String
        /// Whether it is archived.
        public let isArchived: Bool
        /// Whether it names a pull request.
        public let hasPullRequest: Bool

        /// A session's standing.
        public init(state: String, isArchived: Bool, hasPullRequest: Bool) {
            self.state = state
            self.isArchived = isArchived
            self.hasPullRequest = hasPullRequest
        }
    }

    /// The reason why the session newly waits for a person; `nil` where it does not.
    public let attention: String?
    /// `nil` where there was no session.
    public let before: Standing?
    /// `nil` where there is none any more.
    public let after: Standing?
    /// The name of the rule that brought it about; `nil` if none did.
    public let rule: String?

    /// The wording of what a delta tells.
    public init(attention: String?, before: Standing?, after: Standing?, rule: String? = nil) {
        self.attention = attention
        self.rule = rule
        self.before = before
        self.after = after
    }

    /// What happened or is needed.
    public var sentence: String {
        guard let after else { return "The session was deleted." }
        if let attention { return Self.sentence(ofReason: attention) }
        if let rule, let before { return "\(Self.act(from: before, to: after)) by rule \(rule)." }
        guard before?.state == after.state else {
            return Self.sentence(ofState: after.state, hasPullRequest: after.hasPullRequest)
        }
        // The state is an old one: saying it again would pass for news, and a stalled session for one at work.
        if after.isArchived != before?.isArchived { return after.isArchived ? "Archived." : "No longer archived." }
        return after.hasPullRequest && before?.hasPullRequest == false
            ? "A pull request is ready for review." : "Changed."
    }
}

extension DeltaWording {
    /// What is needed for a reason of the inbox.
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

    /// What a rule has done if a session went from `before` to `after`.
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
    /// The wording of a delta's JSON.
    public init(delta: JSON) {
        self.init(
            attention: delta["attention"]?.string, before: delta["before"].flatMap(Standing.init),
            after: delta["after"].flatMap(Standing.init), rule: delta["rule"]?.string)
    }
}

extension DeltaWording.Standing {
    /// The standing that a session's JSON shows; `nil` where there is no session.
    fileprivate init?(_ session: JSON) {
        guard session.object != nil else { return nil }
        self.init(
            state: session["state"]?.string ?? "STATE_UNSPECIFIED", isArchived: session["archived"]?.bool ?? false,
            hasPullRequest: session["outputs"]?.array?.contains { $0["pullRequest"]?["url"]?.string != nil } ?? false)
    }
}
