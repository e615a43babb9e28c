// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The time that decides what history is old enough to be removed.
///
/// A wall clock that jumps ahead by more than a day may be wrong, and then everything would be too old at once. The jump
/// counts only after it has lasted for a day. Until then time continues from the last accepted value.
struct RetentionTime: Sendable, Equatable {
    /// A jump up to this length is accepted at once.
    static let slack = Duration.seconds(86_400)
    /// How long a larger jump has to last.
    static let proofTime = Duration.seconds(86_400)

    /// The wall clock's time when it was last accepted.
    private(set) var wall: Timestamp
    /// The steady time at that moment.
    private(set) var steady: Timestamp
    /// The steady time at which the wall clock was first seen ahead; `nil` if it is accepted.
    private(set) var doubtedSince: Timestamp?

    init(wall: Timestamp, steady: Timestamp, doubtedSince: Timestamp? = nil) {
        self.wall = wall
        self.steady = steady
        self.doubtedSince = doubtedSince
    }

    /// Reads both clocks, and returns the time to use for removing history.
    mutating func note(wall now: Timestamp, steady nowSteady: Timestamp) -> Timestamp {
        let expected = wall.advanced(by: nowSteady.duration(since: steady))
        let isAhead = now.duration(since: expected) > Self.slack
        guard isAhead else {
            self = RetentionTime(wall: now, steady: nowSteady)
            return now
        }
        let since = doubtedSince ?? nowSteady
        guard nowSteady.duration(since: since) >= Self.proofTime else {
            doubtedSince = since
            return expected
        }
        self = RetentionTime(wall: now, steady: nowSteady)
        return now
    }
}
