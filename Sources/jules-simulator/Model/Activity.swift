// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One entry of a session's history. It does not change after it was listed.
struct Activity: Sendable {
    enum Originator: String, Sendable {
        case user, agent, system
    }

    enum Kind: Sendable {
        case agentMessaged(String)
        case userMessaged(String)
        case planGenerated(Plan)
        case planApproved(planID: String)
        case progressUpdated(title: String, description: String)
        case sessionCompleted
        case sessionFailed(reason: String?)
        /// A kind that clients do not know, or no kind at all.
        case other(JSONObject)
    }

    enum Artifact: Sendable {
        /// The whole change so far: the first `edits` edits; 0 has no patch. The text is generated when it is needed.
        case changeSet(edits: Int)
        case media(mimeType: String, base64: String)
        case bashOutput(command: String, output: String, exitCode: Int)
    }

    var id: String
    var createTime: Timestamp
    var originator: Originator
    var kind: Kind
    var artifacts: [Artifact] = []
}

/// A plan of the agent.
struct Plan: Sendable {
    struct Step: Sendable {
        var id: String
        var title: String
        var description: String
    }

    var id: String
    var steps: [Step]
    var createTime: Timestamp
}
