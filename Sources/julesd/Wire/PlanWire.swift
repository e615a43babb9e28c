// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Plan {
    /// The plan that an activity's JSON shows; `nil` where it shows none.
    init?(activity: [UInt8]) {
        guard let plan = (try? JSON(parsing: activity))?["planGenerated"]?["plan"], let id = plan["id"]?.string else {
            return nil
        }
        self.id = id
        // An index of 0 is left out by the API.
        let steps = (plan["steps"]?.array ?? []).sorted { ($0["index"]?.int ?? 0) < ($1["index"]?.int ?? 0) }
        self.steps = steps.map { $0["title"]?.string ?? "" }
    }
}

/// The question or other message of the agent that an activity's JSON shows; `nil` where it shows none.
func agentMessage(activity: [UInt8]) -> String? {
    (try? JSON(parsing: activity))?["agentMessaged"]?["agentMessage"]?.string
}

/// What a person wrote, as an activity's JSON shows it; `nil` where it shows no message of a person.
func userMessage(activity: [UInt8]) -> String? {
    (try? JSON(parsing: activity))?["userMessaged"]?["userMessage"]?.string
}

/// The id of the plan whose approval an activity's JSON shows; `nil` where it shows none. The id itself may be missing: then it is empty.
func approvedPlan(activity: [UInt8]) -> String? {
    (try? JSON(parsing: activity))?["planApproved"].map { $0["planId"]?.string ?? "" }
}
