// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The text of a plan: titles and descriptions of its steps, one a line. Empty if the activity's JSON has no plan.
func planText(activity: [UInt8]) -> String {
    let steps = (try? JSON(parsing: activity))?["planGenerated"]?["plan"]?["steps"]?.array ?? []
    return steps.sorted { ($0["index"]?.int ?? 0) < ($1["index"]?.int ?? 0) }
        .flatMap { [$0["title"]?.string, $0["description"]?.string] }
        .compactMap(\.self).joined(separator: "\n")
}
