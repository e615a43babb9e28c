// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One page of deliveries, newest first.
struct DeliveryPage: Sendable {
    let deliveries: [Delivery]
    /// The number before which the next page begins; `nil` on the last page.
    let next: Int64?
}

extension Outbox {
    private static let columns = """
        id, seq, session, name, state, attempts, status, error, due, created, delivered, delivery.number
        FROM delivery JOIN endpoint ON endpoint.number = delivery.endpoint
        """

    /// The deliveries in this state, newest first; `nil` for all states.
    func deliveries(in state: Delivery.State?, before: Int64?, limit: Int) async throws -> DeliveryPage {
        let condition = state.map { "state = '\($0.rawValue)' AND " } ?? ""
        return try await store.read { [clock] connection in
            let rows = try connection.query(
                """
                SELECT \(Self.columns) WHERE \(condition)delivery.number < ? ORDER BY delivery.number DESC LIMIT ?
                """, [.integer(before ?? .max), .integer(Int64(limit) + 1)]
            ) { (delivery: Delivery(row: $0, clock), number: $0.int(11)) }
            let page = rows.prefix(limit)
            return DeliveryPage(deliveries: page.map(\.delivery), next: rows.count > limit ? page.last?.number : nil)
        }
    }

    /// The delivery with this id; `nil` if there is none.
    func delivery(_ id: String) async throws -> Delivery? {
        try await store.read { [clock] connection in
            try connection.first("SELECT \(Self.columns) WHERE id = ?", [.text(id)]) { Delivery(row: $0, clock) }
        }
    }
}

extension Delivery {
    fileprivate init(row: SQLRow, _ clock: SteadyClock) {
        let time = { (column: Int32) in row.isNull(column) ? nil : Timestamp(nanoseconds: row.int(column)) }
        self.init(
            id: row.text(0), seq: row.int(1), sessionID: row.text(2), endpoint: row.text(3),
            state: State(rawValue: row.text(4)) ?? .dead, attempts: Int(row.int(5)),
            lastStatus: row.isNull(6) ? nil : Int(row.int(6)), lastError: row.textOrNil(7),
            nextAttempt: time(8).map(clock.wall),
            created: Timestamp(nanoseconds: row.int(9)), delivered: time(10))
    }
}
