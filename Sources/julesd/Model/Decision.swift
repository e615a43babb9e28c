// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A rule's decision about one event of a session, and its result.
struct Decision: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable {
        /// It will be carried out, or is being carried out.
        case waiting
        case done
        /// Nothing was done: a person acted first, the reason went away, a limit was reached, or somebody cancelled it.
        case dropped
        /// Jules refused it, or it is unknown whether it was done.
        case failed
        /// The rule is a dry run and only records what it would have done.
        case dry
    }

    let id: String
    /// When it was made.
    let at: Timestamp
    /// The rule's name. `file` is the path of its file.
    let rule: String
    let file: String
    let sessionID: String
    /// Identifies the event among the events of its session.
    let event: String
    /// A reason of the inbox, `created` or `completed`.
    let reason: String
    /// The rule's action by its name, such as `approve`.
    let action: String
    /// The plan to which the decision is bound.
    var planID: String?
    /// The message to send.
    var text: String?
    /// The first session of the chain of retries that the session belongs to; itself if it is no retry.
    let chain: String
    /// When it is due, in steady time.
    var due: Timestamp
    /// When carrying it out began, in steady time; `nil` before that, and after an attempt that certainly had no effect.
    var began: Timestamp?
    /// When Jules was last asked to do it, in steady time; `nil` if it was not asked.
    var tried: Timestamp?
    var state = State.waiting
    /// Its result, or why it has not been carried out yet.
    var detail: String?
}
