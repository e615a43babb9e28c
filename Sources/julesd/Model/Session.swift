// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A Jules session at one moment: the values that the daemon needs, and the API's own text.
struct Session: Sendable, Equatable {
    /// Decimal digits, often too many for `Int64`: a name, not a number.
    let id: String
    let state: SessionState
    let createTime: Timestamp
    /// When the API last changed the session. It also changes without any work of the agent.
    let updateTime: Timestamp?
    let title: String
    let prompt: String
    /// `owner/name`; empty for a session without a repository.
    let repository: String
    /// The branch it starts from; empty if the API names none.
    let branch: String
    let archived: Bool
    /// Whether it names a pull request or a change set. Even sessions that changed code often name none.
    let hasOutputs: Bool
    let hasPullRequest: Bool
    /// The API's JSON object as received, unknown fields included, without the white space between tokens.
    let body: [UInt8]
}

/// One step in a session's history. The API never changes it.
struct Activity: Sendable, Equatable {
    let id: String
    let createTime: Timestamp
    let kind: Kind
    /// Whether the agent did it, and not a person or the API itself.
    let isAgents: Bool
    /// The API's JSON object as received, without the white space between tokens.
    let body: [UInt8]

    /// What happened. The API shows it by the member that is present.
    enum Kind: String, Sendable, CaseIterable {
        case agentMessaged, userMessaged, planGenerated, planApproved, progressUpdated, sessionCompleted, sessionFailed
        /// None of the known members: a plain note, or a kind that the API has added.
        case other

        /// Whether only an agent does this. Used for an activity whose originator the API does not name.
        var isAgents: Bool {
            switch self {
            case .agentMessaged, .planGenerated, .progressUpdated, .sessionCompleted, .sessionFailed: true
            case .userMessaged, .planApproved, .other: false
            }
        }
    }
}

extension Activity {
    /// A name that is unique among the activities of all sessions.
    func name(in session: String) -> String { "\(session)/\(id)" }
}
