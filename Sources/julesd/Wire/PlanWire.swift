// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Plan {
    /// The plan in an activity's JSON; `nil` if it has none.
    init?(activity: [UInt8]) {
        guard let plan = (try? JSON(parsing: activity))?["planGenerated"]?["plan"], let id = plan["id"]?.string else {
            return nil
        }
        self.id = id
        // The API leaves out an index of 0.
        let steps = (plan["steps"]?.array ?? []).sorted { ($0["index"]?.int ?? 0) < ($1["index"]?.int ?? 0) }
        self.steps = steps.map { $0["title"]?.string ?? "" }
    }
}

/// The agent's message in an activity's JSON, such as a question; `nil` if it has none.
func agentMessage(activity: [UInt8]) -> String? {
    (try? JSON(parsing: activity))?["agentMessaged"]?["agentMessage"]?.string
}

/// The message of a person in an activity's JSON; `nil` if it has none.
func userMessage(activity: [UInt8]) -> String? {
    (try? JSON(parsing: activity))?["userMessaged"]?["userMessage"]?.string
}

/// The id of the plan whose approval is in an activity's JSON; `nil` if it has none. Empty if the approval names no plan.
func approvedPlan(activity: [UInt8]) -> String? {
    (try? JSON(parsing: activity))?["planApproved"].map { $0["planId"]?.string ?? "" }
}
