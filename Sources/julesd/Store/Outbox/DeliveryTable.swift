// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SQLConnection {
    /// Adds deltas to the outbox, in the transaction that makes them.
    ///
    /// Only the first pending delivery of a session at an endpoint is due. The others wait for it, so that they arrive in
    /// order.
    ///
    /// - Parameters:
    ///   - now: the wall clock's time.
    ///   - due: the steady time, which deliveries use for waits and ages.
    func enqueue(
        _ deltas: [SessionDelta], for recipients: [Recipient], at now: Timestamp, due: Timestamp
    ) throws {
        for delta in deltas {
            for recipient in recipients where recipient.wants(delta) {
                try run(
                    """
                    INSERT INTO delivery (id, endpoint, seq, session, state, began, created, due)
                    VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6, CASE WHEN NOT EXISTS (SELECT 1 FROM delivery
                        WHERE endpoint = ?2 AND session = ?4 AND state = 'pending') THEN ?5 END)
                    """,
                    .text("msg_\(randomToken().prefix(24))"), .integer(recipient.endpoint), .integer(delta.seq),
                    .text(delta.sessionID), .integer(due.nanoseconds), .integer(now.nanoseconds))
            }
        }
    }

    /// Called before the log removes its deltas up to `seq`: copies their bodies to the deliveries that still need them.
    func keepBodies(ofDeliveriesUpTo seq: Int64) throws {
        try run(
            """
            UPDATE delivery SET body = (SELECT body FROM delta WHERE delta.seq = delivery.seq)
            WHERE seq <= ? AND body IS NULL AND state <> 'delivered'
            """, .integer(seq))
    }

    /// Called after a log in memory has dropped its oldest deltas: drops their deliveries too. Returns how many were pending.
    func dropDeliveriesWithoutDelta(due: Timestamp) throws -> Int {
        let floor = try first("SELECT min(seq) FROM delta") { $0.int(0) } ?? 0
        let places = try query(
            "SELECT endpoint, session FROM delivery WHERE seq < ? AND state = 'pending'", [.integer(floor)]
        ) { (endpoint: $0.int(0), session: $0.text(1)) }
        try run("DELETE FROM delivery WHERE seq < ?", .integer(floor))
        for place in places { try releaseNext(of: place.session, at: place.endpoint, due: due) }
        return places.count
    }

    /// Makes the first pending delivery of a session at an endpoint due, unless it already is.
    func releaseNext(of session: String, at endpoint: Int64, due: Timestamp) throws {
        try run(
            """
            UPDATE delivery SET due = ? WHERE due IS NULL AND number = (SELECT number FROM delivery
                WHERE endpoint = ? AND session = ? AND state = 'pending' ORDER BY seq LIMIT 1)
            """, .integer(due.nanoseconds), .integer(endpoint), .text(session))
    }

    /// Makes every pending delivery of an endpoint dead. Returns how many there were.
    func endDeliveries(for endpoint: Int64, as end: Delivery.End, _ error: String) throws -> Int {
        try run(
            """
            UPDATE delivery SET state = 'dead', due = NULL, ended = ?, error = ? WHERE endpoint = ? AND state = 'pending'
            """, .text(end.rawValue), .text(error), .integer(endpoint))
        return changes
    }

    /// Makes deliveries pending again that were pending when their endpoint was removed, if their lifetime is not over.
    func reviveDeliveries(for endpoint: Int64, at now: Timestamp) throws {
        let sessions = try query(
            """
            UPDATE delivery SET state = 'pending', ended = NULL, error = NULL
            WHERE endpoint = ? AND state = 'dead' AND ended = ? AND began > ? RETURNING session
            """,
            [
                .integer(endpoint), .text(Delivery.End.removed.rawValue),
                .integer(now.advanced(by: .zero - Delivery.lifetime).nanoseconds),
            ]
        ) { $0.text(0) }
        for session in Set(sessions) { try releaseNext(of: session, at: endpoint, due: now) }
    }

    /// Removes at most `limit` deliveries that have ended and were made before `cutoff`. Returns how many.
    func pruneDeliveries(before cutoff: Timestamp, limit: Int64) throws -> Int {
        try run(
            """
            DELETE FROM delivery WHERE number IN (SELECT number FROM delivery
                WHERE state <> 'pending' AND created < ? ORDER BY created LIMIT ?)
            """, .integer(cutoff.nanoseconds), .integer(limit))
        return changes
    }
}
