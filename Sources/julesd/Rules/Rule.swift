// SPDX-License-Identifier: Apache-2.0

/// What the daemon may do by itself after an event of a session (julesd-rules(5)).
struct Rule: Sendable, Equatable {
    /// The file's name without `.rule`. People and the journal use it.
    let name: String
    /// The file's path.
    let file: String
    var match = RuleMatch()
    var action = RuleAction.leave
    /// How long to wait before acting.
    var delay = Duration.zero
    /// How many times it may act on one session, over a chain of retries.
    var maxPerSession: Int
    /// How many times it may act in any hour, over all sessions.
    var maxPerHour = 20
    /// It records what it would do, and does nothing.
    var isDryRun = false
}

/// What a rule does: exactly one of these.
enum RuleAction: Sendable, Equatable {
    case approve
    /// Sends the agent a message, with `%` replaced as ``RuleText`` says.
    case reply(RuleText)
    /// Starts a new session with the same prompt, source, branch and mode.
    case retry
    case archive
    case acknowledge
    /// Does nothing, and no later rule acts either.
    case leave

    /// The name in the API and the journal.
    var name: String {
        switch self {
        case .approve: "approve"
        case .reply: "reply"
        case .retry: "retry"
        case .archive: "archive"
        case .acknowledge: "acknowledge"
        case .leave: "leave"
        }
    }

    /// How many times a rule may do it to one session if the rule has no MaxPerSession=.
    var standardMaxPerSession: Int { self == .retry ? 1 : 3 }
}
