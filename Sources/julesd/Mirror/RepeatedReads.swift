// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The sessions that tools read repeatedly. They are followed like sessions that a client follows.
final class RepeatedReads: Sendable {
    private let states = Mutex(ReadingTurns())
    private let activities = Mutex(ReadingTurns())

    /// The sessions whose state is read repeatedly at present.
    var watched: Set<String> { states.withLock { $0.followed(at: .monotonic) } }

    /// The sessions whose activities are read repeatedly at present.
    var followed: Set<String> { activities.withLock { $0.followed(at: .monotonic) } }

    /// Notes a read of a session.
    func noteState(of session: String) -> ReadingTurns.Reading {
        states.withLock { $0.note(session, at: .monotonic) }
    }

    /// Notes a read of a session's activities.
    func noteActivities(of session: String) -> ReadingTurns.Reading {
        activities.withLock { $0.note(session, at: .monotonic) }
    }
}

/// Decides which sessions are read repeatedly. Reads no clock.
struct ReadingTurns {
    enum Reading: Sendable {
        /// Not followed: this is the first read within the window, or too many sessions are followed.
        case once
        /// Followed from now on.
        case begins
        /// Already followed.
        case goesOn
    }

    /// A session is followed if it is read twice within this time, and until this time after the last read.
    static let window = Duration.seconds(60)
    /// How many sessions are followed at once at most: each takes a part of the budget.
    static let most = 50
    /// How many sessions are remembered at most.
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
