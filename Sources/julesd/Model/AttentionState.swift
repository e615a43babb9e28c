// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What people have been told of a session that waits for one of them.
///
/// A session shows that it waits before its plan or question has been read, and their times are the API's while ours is another
/// clock: so the first plan or question to be read is the one it waits for, unless it clearly came later.
struct AttentionState: Sendable, Equatable {
    /// The newest plan or question that has been told of.
    private(set) var told: Timestamp
    /// When the session was first seen to wait; `nil` once what it waits for has been read.
    private(set) var unreadSince: Timestamp?

    /// How far apart a session's updateTime and the time of its plan or question may be.
    static let slack = Duration.seconds(2)

    init(told: Timestamp, unreadSince: Timestamp?) {
        self.told = told
        self.unreadSince = unreadSince
    }

    /// The wait that begins when a session is first seen to wait.
    ///
    /// - Parameter known: the newest plan or question that has been read before.
    init(of session: Session, known: Timestamp?, seen now: Timestamp) {
        told = session.updateTime ?? now
        let isRead = known.map { $0.advanced(by: Self.slack) >= told } ?? false
        unreadSince = isRead ? nil : now
    }

    /// Takes note of a plan or question that has just been read; true where people have to be told of it.
    mutating func note(_ newest: Timestamp) -> Bool {
        let isFirst = unreadSince.map { newest <= max(told, $0).advanced(by: Self.slack) } ?? false
        guard isFirst || newest > told else { return false }
        told = newest
        unreadSince = nil
        return !isFirst
    }
}
