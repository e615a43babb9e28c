// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The sessions that tools read again and again: they are followed like those that a client follows.
final class RepeatedReads: Sendable {
    private let states = Mutex(ReadingTurns())
    private let activities = Mutex(ReadingTurns())

    /// The sessions of which the state is read again and again at this moment.
    var watched: Set<String> { states.withLock { $0.followed(at: .monotonic) } }

    /// The sessions of which the activities are.
    var followed: Set<String> { activities.withLock { $0.followed(at: .monotonic) } }

    /// Notes that a session is read.
    func noteState(of session: String) -> ReadingTurns.Reading {
        states.withLock { $0.note(session, at: .monotonic) }
    }

    /// Notes that a session's activities are read.
    func noteActivities(of session: String) -> ReadingTurns.Reading {
        activities.withLock { $0.note(session, at: .monotonic) }
    }
}

/// Decides which sessions are read again and again. Reads no clock.
struct ReadingTurns {
    enum Reading: Sendable {
        /// Not followed: it was not read a moment ago, or too many are followed.
        case once
        /// Followed from now on.
        case begins
        /// Followed already.
        case goesOn
    }

    /// A session is followed if it is read twice within this time, and for so long after the last reading.
    static let window = Duration.seconds(60)
    /// Sessions followed at the same time, at most: each takes its part of the budget.
    static let most = 50
    /// Sessions remembered, at most.
    static let mostRemembered = 2000

    private var last: [String: (read: Duration, isFollowed: Bool)] = [:]

    mutating func note(_ session: String, at now: Duration) -> Reading {
        guard let earlier = last[session], now - earlier.read <= Self.window else {
            forget(at: now)
            if last.count < Self.mostRemembered { last[session] = (now, false) }
            return .once
        }
        last[session] = (now, earlier.isFollowed)
        if earlier.isFollowed { return .goesOn }
        guard followed(at: now).count < Self.most else { return .once }
        last[session] = (now, true)
        return .begins
    }

    func followed(at now: Duration) -> Set<String> {
        Set(last.lazy.filter { $0.value.isFollowed && now - $0.value.read <= Self.window }.map(\.key))
    }

    private mutating func forget(at now: Duration) {
        guard last.count >= Self.mostRemembered else { return }
        last = last.filter { now - $0.value.read <= Self.window }
    }
}
