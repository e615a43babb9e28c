// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The deliveries in the store. The transaction that makes a delta adds them, and they stay until they have ended: a delivery
/// that is pending when the daemon is killed is pending when it starts again.
struct Outbox: Sendable {
    let store: SessionStore

    /// The clock for waits and ages of deliveries. ``DueDelivery/began`` and due times are times of this clock.
    var clock: SteadyClock { store.clock }

    /// The result of a change of the endpoints.
    struct Registration: Sendable, Equatable {
        /// The number of each endpoint in the store, in the given order.
        var numbers: [Int64] = []
        /// How many pending deliveries are dead now, because their endpoints are no longer set.
        var abandoned = 0
    }

    /// Sets the endpoints for later deltas. A new endpoint gets the next delta and later ones. An endpoint that is set again
    /// also gets what was pending when it was removed and is not too old. Other endpoints keep their pending deliveries.
    func register(_ urls: [WebhookURL], events: Set<NotifyEvent>) async throws -> Registration {
        try await store.write { [clock] connection in
            var registration = Registration()
            for url in urls {
                try connection.run(
                    "INSERT INTO endpoint (key, name) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
                    .text(url.key), .text(url.description))
                let number = try connection.first("SELECT number FROM endpoint WHERE key = ?", [.text(url.key)]) {
                    $0.int(0)
                }
                guard let number else { continue }
                registration.numbers.append(number)
                try connection.reviveDeliveries(for: number, at: clock.now)
            }
            let known = registration.numbers
            for number in try connection.query("SELECT number FROM endpoint", [], { $0.int(0) })
            where !known.contains(number) {
                registration.abandoned += try connection.endDeliveries(
                    for: number, as: .removed, "the endpoint is not in NOTIFY_WEBHOOK any more")
            }
            return registration
        } committed: { [store] registration in
            store.setRecipients(registration.numbers.map { Recipient(endpoint: $0, events: events) })
        }
    }

    /// The due deliveries of an endpoint, the one that has waited longest first.
    func due(for endpoint: Int64, at now: Timestamp, limit: Int) async throws -> [DueDelivery] {
        try await store.read { connection in
            try connection.query(
                """
                SELECT number, id, delivery.session, failures, refusals, began, coalesce(delivery.body, delta.body)
                FROM delivery LEFT JOIN delta USING (seq)
                WHERE endpoint = ? AND due <= ? ORDER BY due, number LIMIT ?
                """, [.integer(endpoint), .integer(now.nanoseconds), .integer(Int64(limit))]
            ) { row in
                DueDelivery(
                    number: row.int(0), id: row.text(1), sessionID: row.text(2), failures: Int(row.int(3)),
                    refusals: Int(row.int(4)), began: Timestamp(nanoseconds: row.int(5)), body: row.blobOrNil(6) ?? [])
            }
        }
    }

    /// When the next delivery of an endpoint after `now` is due; `nil` if there is none.
    func nextDue(for endpoint: Int64, after now: Timestamp) async throws -> Timestamp? {
        try await store.read { connection in
            try connection.first(
                "SELECT min(due) FROM delivery WHERE endpoint = ? AND due > ?",
                [.integer(endpoint), .integer(now.nanoseconds)]
            ) { $0.isNull(0) ? nil : Timestamp(nanoseconds: $0.int(0)) } ?? nil
        }
    }

    /// How many deliveries are pending and how many are dead, for all endpoints.
    func counts() async throws -> (pending: Int, dead: Int) {
        try await store.read { connection in
            let rows = try connection.query(
                "SELECT state, count(*) FROM delivery WHERE state IN ('pending', 'dead') GROUP BY state", []
            ) { ($0.text(0), Int($0.int(1))) }
            let counts = Dictionary(uniqueKeysWithValues: rows)
            return (counts["pending"] ?? 0, counts["dead"] ?? 0)
        }
    }

    /// How many deliveries are pending, for all endpoints.
    func pendingCount() async throws -> Int {
        try await store.read { connection in
            try connection.first("SELECT count(*) FROM delivery WHERE state = 'pending'") { Int($0.int(0)) } ?? 0
        }
    }
}

extension Outbox {
    /// Records that an endpoint has accepted a delivery, and makes the session's next one due.
    func noteDelivered(_ delivery: DueDelivery, for endpoint: Int64, status: Int) async throws {
        try await store.write { [clock] connection in
            let mark = clock.mark
            try connection.run(
                """
                UPDATE delivery SET state = 'delivered', attempts = attempts + 1, status = ?, error = NULL, due = NULL,
                    delivered = ?, body = NULL WHERE number = ?
                """, .integer(Int64(status)), .integer(mark.wall.nanoseconds), .integer(delivery.number))
            try connection.releaseNext(of: delivery.sessionID, at: endpoint, due: mark.time)
        }
    }

    /// Records a failed attempt. If its delivery is dead, the session's next one becomes due.
    func note(_ failure: DeliveryFailure, of delivery: DueDelivery, for endpoint: Int64) async throws {
        let (state, end, due): (Delivery.State, Delivery.End?, Timestamp) =
            switch failure.next {
            case .again(let time): (.pending, nil, time)
            case .dead(let end): (.dead, end, clock.now)
            }
        try await store.write { connection in
            try connection.run(
                """
                UPDATE delivery SET state = ?, ended = ?, attempts = attempts + 1, failures = failures + ?,
                    refusals = refusals + ?, status = ?, error = ?, due = NULL WHERE number = ? AND state = 'pending'
                """, .text(state.rawValue), SQLValue(end?.rawValue), .integer(failure.kind == .failed ? 1 : 0),
                .integer(failure.kind == .refused ? 1 : 0), SQLValue(failure.status.map(Int64.init)),
                .text(failure.reason), .integer(delivery.number))
            // Not always this delivery: a person may have asked for an earlier one again.
            try connection.releaseNext(of: delivery.sessionID, at: endpoint, due: due)
        }
    }

    /// Records that an endpoint wants no more deliveries. Its pending ones are dead, and none are added. Returns how many are
    /// dead; `nil` if this was known already.
    func noteGone(_ delivery: DueDelivery, for endpoint: Int64) async throws -> Int? {
        try await store.write { [store] connection in
            let isNews = store.recipients.contains { $0.endpoint == endpoint }
            try connection.run(
                "UPDATE delivery SET attempts = attempts + 1, status = 410 WHERE number = ?", .integer(delivery.number))
            let killed = try connection.endDeliveries(for: endpoint, as: .gone, "the endpoint answered 410 Gone")
            return isNews ? killed : nil
        } committed: { [store] _ in
            store.removeRecipient(endpoint)
        }
    }

    /// The result of a person's request to retry a delivery.
    enum Retry: Sendable, Equatable {
        case accepted
        /// The endpoint has already accepted it.
        case alreadyDelivered
        /// The endpoint is no longer set, or has answered 410.
        case noEndpoint
    }

    /// Makes a delivery pending and due, or the earlier one of its session for which it waits; `nil` if there is none with
    /// this id.
    func retry(_ id: String) async throws -> Retry? {
        try await store.write { [store] connection in
            let now = store.clock.now
            let found = try connection.first(
                "SELECT number, endpoint, session, state FROM delivery WHERE id = ?", [.text(id)]
            ) { (number: $0.int(0), endpoint: $0.int(1), session: $0.text(2), state: $0.text(3)) }
            guard let found else { return nil }
            guard found.state != Delivery.State.delivered.rawValue else { return .alreadyDelivered }
            guard store.recipients.contains(where: { $0.endpoint == found.endpoint }) else { return .noEndpoint }
            try connection.run(
                """
                UPDATE delivery SET state = 'pending', ended = NULL, failures = 0, refusals = 0, began = ?
                WHERE number = ? AND state = 'dead'
                """, .integer(now.nanoseconds), .integer(found.number))
            try connection.run(
                "UPDATE delivery SET due = NULL WHERE endpoint = ? AND session = ? AND state = 'pending'",
                .integer(found.endpoint), .text(found.session))
            try connection.releaseNext(of: found.session, at: found.endpoint, due: now)
            return .accepted
        }
    }
}

extension WebhookURL {
    /// The store's name for the endpoint: long enough that no two URLs share it, and the URL cannot be derived from it.
    fileprivate var key: String { hexadecimal(sha256(secret.reveal().utf8)) }
}
