// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A Jules session at one moment: what the daemon itself needs to know of it, and the API's own text of it.
struct Session: Sendable, Equatable {
    /// Decimal digits, often beyond `Int64`: a name, not a number.
    let id: String
    let state: SessionState
    let createTime: Timestamp
    /// Moves for many reasons; says only that nothing it does not tell of yet can be older.
    let updateTime: Timestamp?
    let title: String
    let prompt: String
    /// `owner/name`; empty for a session without a repository.
    let repository: String
    /// The branch it starts from; empty if the API names none.
    let branch: String
    let archived: Bool
    /// It names a pull request or a change set. Even sessions that changed code often name none.
    let hasOutputs: Bool
    let hasPullRequest: Bool
    /// The API's JSON object as received, unknown fields included, without the white space between tokens.
    let body: [UInt8]
}

/// One step in a session's history. Immutable upstream.
struct Activity: Sendable, Equatable {
    let id: String
    let createTime: Timestamp
    let kind: Kind
    /// The agent did it, not a person nor the API itself.
    let isAgents: Bool
    /// The API's JSON object as received, without the white space between tokens.
    let body: [UInt8]

    /// What happened, told by which member is present.
    enum Kind: String, Sendable, CaseIterable {
        case agentMessaged, userMessaged, planGenerated, planApproved, progressUpdated, sessionCompleted, sessionFailed
        /// None of the known members: a plain note, or something the API has added since.
        case other

        /// What only an agent does: for an activity whose originator the API does not tell.
        var isAgents: Bool {
            switch self {
            case .agentMessaged, .planGenerated, .progressUpdated, .sessionCompleted, .sessionFailed: true
            case .userMessaged, .planApproved, .other: false
            }
        }
    }
}

extension Activity {
    /// The name by which it differs from the activities of all sessions.
    func name(in session: String) -> String { "\(session)/\(id)" }
}
