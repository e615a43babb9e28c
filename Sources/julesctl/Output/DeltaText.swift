// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Wording

/// The parts of a delta that are shown to people.
struct DeltaText {
    let json: JSON

    var sessionID: String { json["id"]?.string ?? "" }
    var session: SessionText {
        SessionText(json: json["after"].flatMap { $0 == .null ? nil : $0 } ?? json["before"] ?? .null)
    }
    var attention: String? { json["attention"]?.string }
    var isDeletion: Bool { json["changeType"]?.string == "deleted" }

    /// What happened, or what is needed, in a sentence.
    var sentence: String { safeText(DeltaWording(delta: json).sentence) }

    var look: Style.Look? {
        attention == "failed" ? .red : attention != nil ? .yellow : Style.Look(state: session.state)
    }

    /// A state in plain words; for an unknown state the name in the API.
    static func words(of state: String) -> String {
        switch state {
        case "QUEUED": "queued"
        case "PLANNING": "planning"
        case "AWAITING_PLAN_APPROVAL": "waits for approval"
        case "AWAITING_USER_FEEDBACK": "waits for an answer"
        case "IN_PROGRESS": "at work"
        case "PAUSED": "paused"
        case "FAILED": "failed"
        case "COMPLETED": "completed"
        default: safeText(state)
        }
    }
}
