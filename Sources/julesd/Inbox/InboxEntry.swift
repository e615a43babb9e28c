// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Why a session is in the inbox, and since when.
///
/// A session enters the inbox only with a delta that needs a person, so that inbox and feed agree. This type decides when it
/// leaves.
struct InboxEntry: Sendable, Equatable {
    let reason: AttentionReason
    /// For a plan or question, the time when it came, as the API reports it. For a silence, its beginning. Else the time when
    /// it was seen.
    let since: Timestamp

    init(reason: AttentionReason, since: Timestamp) {
        self.reason = reason
        self.since = since
    }

    /// The entry of a session for which `reason` has just arisen, seen at `now`.
    init(_ reason: AttentionReason, of session: Session, seen now: Timestamp) {
        self.reason = reason
        // The state arrives before the plan or question has been read. Until then the session's own time is used.
        since = session.state.waitsForPerson ? session.updateTime ?? now : now
    }

    /// Whether the session no longer needs a person after it went from `before` to `after`.
    func isOver(from before: Session, to after: Session) -> Bool {
        if after.archived { return true }
        guard before.state != after.state else { return false }
        return switch reason {
        case .plan, .question: true
        // The API may pause a silent session, and nobody has acted on it yet.
        case .stalled: after.state.isActive || after.state.isFinished
        case .expired, .failed, .asked: after.state.isActive
        }
    }

    /// Whether the session no longer needs a person after these activities have been read.
    ///
    /// - Parameters:
    ///   - answered: when a person last approved a plan or wrote a message.
    ///   - caused: when the newest activity of the reason's own kind came.
    func isOver(afterReading activities: [Activity], answered: Timestamp?, caused: Timestamp?) -> Bool {
        if reason == .stalled { return activities.contains(where: \.isAgents) }
        guard reason.cause != nil, let answered else { return false }
        return answered > caused ?? since
    }
}
