// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One session: its API fields, its history and its next steps.
struct Session: Sendable {
    let id: String
    let draft: SessionDraft
    let title: String
    var createTime: Timestamp
    var updateTime: Timestamp
    var state: SessionState = .queued
    var archived = false
    var activities: [Activity] = []
    /// The edits in the outputs; `nil` before the work is done, or if it has no outputs.
    var deliveredEdits: Int?
    let pullRequestNumber: Int
    let baseCommit: String

    /// The task. All texts of the session come from it.
    let assignment: Assignment
    /// The session's own random generator, so that other sessions do not influence this one.
    var random: SplitMix64
    /// The next step and its time; `nil` if the session waits for a person or has ended.
    var due: ScheduledStep?
    /// The remaining work, next piece first.
    var work: [Work] = []
    /// How the work will end.
    var ending: Ending = .complete
    var editsDone = 0
    var planIsApproved = false
    /// The session is invisible before this time.
    var hiddenUntil: Timestamp?

    var name: String { "sessions/\(id)" }

    var latestPlan: Plan? {
        for activity in activities.reversed() {
            if case .planGenerated(let plan) = activity.kind { return plan }
        }
        return nil
    }
}
