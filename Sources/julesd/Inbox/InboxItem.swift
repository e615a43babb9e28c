// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One session that waits for a person, with what the person needs to decide.
struct InboxItem: Sendable, Equatable {
    let sessionID: String
    let entry: InboxEntry
    /// The newest plan, if the reason concerns a plan and it has been read.
    var plan: Plan?
    /// The newest question, if the reason concerns a question and it has been read.
    var question: String?
    /// The API's text of the session.
    let session: [UInt8]
}

extension InboxItem {
    /// `{"sessionId","reason","since","planId"?,"planSteps"?,"question"?,"session"}`.
    var json: [UInt8] {
        var json = Array(#"{"sessionId":"#.utf8)
        JSON.write(sessionID, to: &json)
        json.append(member: "reason", .string(entry.reason.rawValue))
        json.append(member: "since", .string(entry.since.rfc3339))
        if let plan {
            json.append(member: "planId", .string(plan.id))
            json.append(member: "planSteps", .array(plan.steps.map { .string($0) }))
        }
        if let question { json.append(member: "question", .string(question)) }
        json.append(contentsOf: #","session":"#.utf8)
        json.append(contentsOf: session)
        json.append(UInt8(ascii: "}"))
        return json
    }
}
