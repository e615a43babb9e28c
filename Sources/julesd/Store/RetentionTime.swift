// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The time of day as far as history may be removed by it.
///
/// A wall clock that jumps ahead by more than a day may be wrong: then everything would be too old at once. It is believed when it
/// has stayed ahead for a day. Until then time goes on from where it was believed last.
struct RetentionTime: Sendable, Equatable {
    /// A jump that is no longer than this is believed at once.
    static let slack = Duration.seconds(86_400)
    /// How long a longer one has to last.
    static let proofTime = Duration.seconds(86_400)

    /// The wall clock's time when it was believed last.
    private(set) var wall: Timestamp
    /// The steady time then.
    private(set) var steady: Timestamp
    /// The steady time at which the wall clock was first seen ahead; `nil` while it is believed.
    private(set) var doubtedSince: Timestamp?

    init(wall: Timestamp, steady: Timestamp, doubtedSince: Timestamp? = nil) {
        self.wall = wall
        self.steady = steady
        self.doubtedSince = doubtedSince
    }

    /// Takes note of both clocks, and answers the time by which history may be removed.
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
