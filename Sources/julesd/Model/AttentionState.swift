// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Which plan or question of a waiting session has been reported.
///
/// A session's state shows that it waits before its plan or question has been read. Their times come from the API's clock,
/// which differs from ours. So the first plan or question that is read is the one for which the session waits, unless it
/// clearly came later.
struct AttentionState: Sendable, Equatable {
    /// The time of the newest plan or question that has been reported.
    private(set) var told: Timestamp
    /// When the session was first seen to wait; `nil` when its plan or question has been read.
    private(set) var unreadSince: Timestamp?

    /// How much a session's updateTime and the time of its plan or question may differ.
    static let slack = Duration.seconds(2)

    init(told: Timestamp, unreadSince: Timestamp?) {
        self.told = told
        self.unreadSince = unreadSince
    }

    /// The state of a session that is first seen to wait.
    ///
    /// - Parameter known: the time of the newest plan or question that had been read before.
    init(of session: Session, known: Timestamp?, seen now: Timestamp) {
        told = session.updateTime ?? now
        let isRead = known.map { $0.advanced(by: Self.slack) >= told } ?? false
        unreadSince = isRead ? nil : now
    }

    /// Notes a plan or question that has just been read. Returns whether it must be reported.
    mutating func note(_ newest: Timestamp) -> Bool {
        let isFirst = unreadSince.map { newest <= max(told, $0).advanced(by: Self.slack) } ?? false
        guard isFirst || newest > told else { return false }
        told = newest
        unreadSince = nil
        return !isFirst
    }
}
