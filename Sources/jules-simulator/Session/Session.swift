// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One session: what the API tells of it, its history, and what it is about to do.
struct Session: Sendable {
    let id: String
    let draft: SessionDraft
    let title: String
    var createTime: Timestamp
    var updateTime: Timestamp
    var state: SessionState = .queued
    var archived = false
    var activities: [Activity] = []
    /// The edits that the outputs hold; `nil` before the work is done, or where it left nothing.
    var deliveredEdits: Int?
    let pullRequestNumber: Int
    let baseCommit: String

    /// What the agent works on; all its texts come from here.
    let assignment: Assignment
    /// The session's own randomness: what others do never changes its course.
    var random: SplitMix64
    /// What happens next, and when; `nil` while it waits for a person or for nothing.
    var due: ScheduledStep?
    /// The work still ahead, the next piece first.
    var work: [Work] = []
    /// How the work will end.
    var ending: Ending = .complete
    var editsDone = 0
    var planIsApproved = false
    /// The session cannot be seen before this instant.
    var hiddenUntil: Timestamp?

    var name: String { "sessions/\(id)" }

    var latestPlan: Plan? {
        for activity in activities.reversed() {
            if case .planGenerated(let plan) = activity.kind { return plan }
        }
        return nil
    }
}
