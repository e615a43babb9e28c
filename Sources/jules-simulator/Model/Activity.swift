// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One entry of a session's history. It never changes once told.
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
        /// A kind from the future, or none at all.
        case other(JSONObject)
    }

    enum Artifact: Sendable {
        /// The whole change so far, after this many of its edits; 0 has no patch. The text is written when it is asked for.
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

/// What the agent means to do.
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
