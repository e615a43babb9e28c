// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A part of the log, read for a client with a cursor.
struct ChangePage: Sendable {
    /// The numbers that the client asked for but are not available, both ends included.
    let gap: ClosedRange<Int64>?
    /// In order of `seq`.
    let deltas: [SessionDelta]
    /// The cursor from which to continue.
    let next: Int64
    /// The head at the time of reading.
    let head: LogHead
}

/// Deltas that follow each other, as bytes.
struct DeltaRun: Sendable {
    let positions: ClosedRange<Int64>
    /// Their JSON texts with commas between them.
    let json: [UInt8]
}

extension SessionStore {
    /// The size of a page of the log at most. A single larger delta is a page of its own.
    static let pageBytes: Int64 = 512_000

    /// The deltas after `since`, as many as fit into one page.
    ///
    /// If `epoch` is given and differs, or if `since` is beyond the head, everything up to the head is a gap: the client has
    /// to read the sessions again. A page is read in one transaction: a delta that is pruned meanwhile is either in it or in
    /// its gap.
    func changes(after since: Int64, epoch: String? = nil, limit: Int = 500) async throws -> ChangePage {
        try await readAtOnce { connection in
            let head = try connection.logHead() ?? self.head
            let gap = try connection.gap(after: since, epoch: epoch, head: head)
            let from = gap?.upperBound ?? since
            var deltas: [SessionDelta] = []
            var bound: Int64?
            try connection.forEach(
                """
                SELECT seq, session, change, reason, finished, body, ends FROM delta
                WHERE seq > ? ORDER BY seq LIMIT ?
                """,
                [.integer(from), .integer(Int64(limit))]
            ) { row in
                let ends = row.int(6)
                if let bound, ends > bound { return false }
                bound = bound ?? ends + Self.pageBytes
                deltas.append(SessionDelta(row: row))
                return true
            }
            return ChangePage(gap: gap, deltas: deltas, next: deltas.last?.seq ?? from, head: head)
        }
    }
}

extension SQLConnection {
    /// The deltas after `since` up to `last`, at most `limit`.
    func deltas(after since: Int64, upTo last: Int64, limit: Int64) throws -> [SessionDelta] {
        try query(
            """
            SELECT seq, session, change, reason, finished, body FROM delta
            WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?
            """, [.integer(since), .integer(last), .integer(limit)]
        ) { SessionDelta(row: $0) }
    }

    /// Where the log ends; `nil` in a store that has none yet.
    func logHead() throws -> LogHead? {
        try first("SELECT epoch, head FROM log") { LogHead(epoch: $0.text(0), seq: $0.int(1)) }
    }

    /// The numbers after `since` that are not available, both ends included.
    func gap(after since: Int64, epoch: String?, head: LogHead) throws -> ClosedRange<Int64>? {
        if since > head.seq || (epoch != nil && epoch != head.epoch) { return min(since, head.seq - 1) + 1...head.seq }
        let oldest = try first("SELECT min(seq) FROM delta", []) { $0.isNull(0) ? nil : $0.int(0) } ?? nil
        let floor = (oldest ?? head.seq + 1) - 1
        return since < floor ? since + 1...floor : nil
    }

    /// The deltas after `since` up to the next multiple of `bytes` in the log, but at least one; `nil` at the end of the log.
    ///
    /// So runs end at the same places for everybody: clients that begin at different places soon read the same runs.
    func deltaRun(after since: Int64, bytes: Int64) throws -> DeltaRun? {
        var json: [UInt8] = []
        var last = since
        var bound: Int64?
        var goesOn = true
        while goesOn {
            var rows: Int64 = 0
            // A server sends all rows of an answer, wanted or not: without a limit, the rest of the log for each run.
            try forEach(
                "SELECT seq, ends, body FROM delta WHERE seq > ? ORDER BY seq LIMIT ?",
                [.integer(last), .integer(rowsAtOnce)]
            ) { row in
                rows += 1
                let ends = row.int(1)
                if let bound {
                    goesOn = ends < bound
                    guard goesOn else { return false }
                    json.append(UInt8(ascii: ","))
                } else {
                    bound = (ends / bytes + 1) * bytes
                    json.reserveCapacity(Int(bytes))
                }
                last = row.int(0)
                row.append(2, to: &json)
                return true
            }
            goesOn = goesOn && rows == rowsAtOnce
        }
        return last == since ? nil : DeltaRun(positions: since + 1...last, json: json)
    }

    /// SQLite reads no row before it is wanted. Elsewhere about as many as a run has of deltas of a usual size.
    private var rowsAtOnce: Int64 { dialect == .sqlite ? .max : 64 }
}

extension SessionDelta {
    fileprivate init(row: SQLRow) {
        self.init(
            seq: row.int(0), sessionID: row.text(1), change: Change(rawValue: row.text(2)) ?? .updated,
            attention: row.textOrNil(3).flatMap(AttentionReason.init), finished: row.int(4) == 1, json: row.blob(5))
    }
}
