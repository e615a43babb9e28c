// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What a rule has decided about one event of a session, and what came of it.
struct Decision: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable {
        /// It will be carried out, or is being carried out.
        case waiting
        case done
        /// Nothing was done: a person acted first, the reason went away, a guard held, or somebody cancelled it.
        case dropped
        /// Jules refused it, or nobody knows whether it was done.
        case failed
        /// The rule only notes what it would have done.
        case dry
    }

    let id: String
    /// When it was made.
    let at: Timestamp
    /// The rule's name and its file.
    let rule: String
    let file: String
    let sessionID: String
    /// Tells the event apart from the others of its session.
    let event: String
    /// A reason of the inbox, `created` or `completed`.
    let reason: String
    /// The rule's action by its name, such as `approve`.
    let action: String
    /// The plan that it is bound to.
    var planID: String?
    /// The message that is to be sent.
    var text: String?
    /// The first session of the chain of retries that the session belongs to; itself if it is no retry.
    let chain: String
    /// When it is carried out, in steady time.
    var due: Timestamp
    /// When it was begun to be carried out, in steady time; `nil` before, and after an attempt that certainly did nothing.
    var began: Timestamp?
    /// When Jules was last asked to do it, in steady time; `nil` if it was not.
    var tried: Timestamp?
    var state = State.waiting
    /// What became of it, or why it has not been carried out yet.
    var detail: String?
}
