// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What a session does next by itself, and when.
struct ScheduledStep: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case startPlanning, presentPlan, revisePlan, approvePlan, expire, work
    }

    var at: Timestamp
    var step: Step
}

/// A piece of an agent's work; each leaves one activity, or a pause.
enum Work: Sendable, Equatable {
    case explore, silence, note, change, check, screenshot
    /// Ask a person, and wait for the answer.
    case ask
    /// Answer what a person wrote.
    case acknowledge
    /// Present a new plan and carry on with it: once a plan was approved, there is no further gate.
    case replan
    case finish
}

/// How a session's work ends.
enum Ending: Sendable, Equatable {
    case complete, fail, pause
    /// The work is done, and the session stays IN_PROGRESS for ever.
    case stuck
}
