// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Why a session is in the inbox, and since when.
///
/// A session enters with the delta that calls for a person, and with nothing else, so that inbox and feed agree. Here is when it leaves.
struct InboxEntry: Sendable, Equatable {
    let reason: AttentionReason
    /// Of a plan or question the time when it came, as the API tells it; of a silence its beginning; else when it was seen.
    let since: Timestamp

    init(reason: AttentionReason, since: Timestamp) {
        self.reason = reason
        self.since = since
    }

    /// The entry of a session for which `reason` has just arisen, seen at `now`.
    init(_ reason: AttentionReason, of session: Session, seen now: Timestamp) {
        self.reason = reason
        // The state shows before the plan or question has been read; until then the session's own time has to do.
        since = session.state.waitsForPerson ? session.updateTime ?? now : now
    }

    /// Whether nobody is called for any more once the session has gone from `before` to `after`.
    func isOver(from before: Session, to after: Session) -> Bool {
        if after.archived { return true }
        guard before.state != after.state else { return false }
        return switch reason {
        case .plan, .question: true
        // A session that falls silent may be paused upstream, with nobody the wiser.
        case .stalled: after.state.isActive || after.state.isFinished
        case .expired, .failed, .asked: after.state.isActive
        }
    }

    /// Whether nobody is called for any more once these activities have been learnt.
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
