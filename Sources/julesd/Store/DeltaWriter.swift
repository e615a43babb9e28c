// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Wording

/// Appends the deltas of one transaction to the log.
struct DeltaWriter {
    /// The deltas appended so far, in order.
    private(set) var written: [SessionDelta] = []
    private(set) var wordings: [DeltaWording] = []
    private let connection: any SQLConnection
    private let now: Timestamp
    private let steady: Timestamp
    private var head: Int64
    private var bytes: Int64

    /// - Parameters:
    ///   - now: the wall clock's time.
    ///   - steady: the steady time.
    init(connection: any SQLConnection, head: Int64, now: Timestamp, steady: Timestamp) throws {
        self.connection = connection
        self.head = head
        self.now = now
        self.steady = steady
        bytes = try connection.first("SELECT ends FROM delta ORDER BY seq DESC LIMIT 1", []) { $0.int(0) } ?? 0
    }

    /// Appends one delta under the next number. A delta that needs a person also adds its session, whose row is already
    /// stored, to the inbox.
    mutating func append(before: Session?, after: Session?, calling entry: InboxEntry? = nil) throws {
        let rule = try entry == nil ? connection.rule(from: before, to: after, at: steady) : nil
        let delta = SessionDelta(
            seq: head + 1, before: before, after: after, attention: entry?.reason, rule: rule, at: now)
        if let entry { try connection.setInboxEntry(entry, of: delta.sessionID) }
        bytes += Int64(delta.json.count)
        try connection.run(
            "INSERT INTO delta (seq, session, change, reason, finished, at, ends, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            .integer(delta.seq), .text(delta.sessionID), .text(delta.change.rawValue),
            SQLValue(delta.attention?.rawValue), .integer(delta.finished ? 1 : 0), .integer(now.nanoseconds),
            .integer(bytes), .blob(delta.json))
        head = delta.seq
        written.append(delta)
        wordings.append(
            DeltaWording(
                attention: delta.attention?.rawValue, before: before.map(DeltaWording.Standing.init),
                after: after.map(DeltaWording.Standing.init), rule: rule))
    }

    /// Moves the log's head to the last delta. If there are limits, drops the oldest deltas beyond them, with their
    /// deliveries.
    ///
    /// - Parameter due: the steady time at which the next deliveries are due.
    /// - Returns: how many of the dropped deliveries were pending.
    func finish(keepingAtMost limits: StoreLocation.Limits?, due: Timestamp) throws -> Int {
        guard !written.isEmpty else { return 0 }
        try connection.run("UPDATE log SET head = ?", .integer(head))
        guard let limits else { return 0 }
        try connection.run(
            "DELETE FROM delta WHERE seq <= ? OR (ends - length(body) < ? AND seq < ?)",
            .integer(head - limits.deltas), .integer(bytes - limits.bytes), .integer(head))
        return connection.changes > 0 ? try connection.dropDeliveriesWithoutDelta(due: due) : 0
    }
}
