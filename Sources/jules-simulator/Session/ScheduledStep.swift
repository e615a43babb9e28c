// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The next step that a session takes without a request, and its time.
struct ScheduledStep: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case startPlanning, presentPlan, revisePlan, approvePlan, expire, work
    }

    var at: Timestamp
    var step: Step
}

/// A piece of an agent's work. Each adds one activity, except a silent one.
enum Work: Sendable, Equatable {
    case explore, silence, note, change, check, screenshot
    /// Ask a person and wait for the answer.
    case ask
    /// Reply to a person's message.
    case acknowledge
    /// Present a new plan and continue with it. After a first approval, no further approval is needed.
    case replan
    case finish
}

/// How a session's work ends.
enum Ending: Sendable, Equatable {
    case complete, fail, pause
    /// All work is done, but the session stays IN_PROGRESS for ever.
    case stuck
}
