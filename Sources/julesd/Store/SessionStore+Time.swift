// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SessionStore {
    /// The time to use for removing history, and whether the wall clock is ahead of it.
    func retentionTime() async throws -> (time: Timestamp, isDoubted: Bool) {
        try await write { [clock] connection in
            let mark = clock.mark
            var believed =
                try connection.first(
                    "SELECT believed_wall, believed_time, doubted FROM log WHERE believed_time IS NOT NULL"
                ) {
                    RetentionTime(
                        wall: Timestamp(nanoseconds: $0.int(0)), steady: Timestamp(nanoseconds: $0.int(1)),
                        doubtedSince: $0.intOrNil(2).map(Timestamp.init(nanoseconds:)))
                } ?? RetentionTime(wall: mark.time, steady: mark.time)
            let time = believed.note(wall: mark.wall, steady: mark.time)
            try connection.run(
                "UPDATE log SET believed_wall = ?, believed_time = ?, doubted = ?",
                .integer(believed.wall.nanoseconds), .integer(believed.steady.nanoseconds),
                SQLValue(believed.doubtedSince?.nanoseconds))
            return (time, believed.doubtedSince != nil)
        }
    }
}

extension SQLConnection {
    /// The clock values of the last transaction; the time of the newest delta if there are none; `nil` in a new store.
    func steadyMark() throws -> SteadyClock.Mark? {
        let mark = try first("SELECT steady, wall, since_boot FROM log WHERE steady IS NOT NULL") { row in
            SteadyClock.Mark(
                time: Timestamp(nanoseconds: row.int(0)), wall: Timestamp(nanoseconds: row.int(1)),
                sinceBoot: .nanoseconds(row.int(2)))
        }
        return try mark
            ?? first("SELECT at FROM delta ORDER BY seq DESC LIMIT 1") { row in
                let time = Timestamp(nanoseconds: row.int(0))
                return SteadyClock.Mark(time: time, wall: time, sinceBoot: nil)
            }
    }

    /// Stores the clock values; part of every transaction that changes anything.
    func note(_ mark: SteadyClock.Mark) throws {
        try run(
            "UPDATE log SET writes = writes + 1, steady = ?, wall = ?, since_boot = ?",
            .integer(mark.time.nanoseconds), .integer(mark.wall.nanoseconds), SQLValue(mark.sinceBoot?.nanoseconds))
    }
}
