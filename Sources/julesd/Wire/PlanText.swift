// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// All that a plan says: titles and descriptions of its steps, a line each. Empty if an activity's JSON shows no plan.
func planText(activity: [UInt8]) -> String {
    let steps = (try? JSON(parsing: activity))?["planGenerated"]?["plan"]?["steps"]?.array ?? []
    return steps.sorted { ($0["index"]?.int ?? 0) < ($1["index"]?.int ?? 0) }
        .flatMap { [$0["title"]?.string, $0["description"]?.string] }
        .compactMap(\.self).joined(separator: "\n")
}
