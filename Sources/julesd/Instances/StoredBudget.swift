// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The budget of all instances: a row for each request that one of them has sent within the budget's window.
///
/// A lock of the server lets one instance decide after the other. It is not the lock of the log, so no request waits for a writer.
struct StoredBudget: SharedBudget {
    let engine: PostgreSQLEngine

    func take(
        for purpose: RequestBudget.Purpose, from budget: RequestBudget, insteadOf grant: SharedBudgetGrant?
    ) async throws(UpstreamError) -> SharedBudgetDecision {
        do {
            return try await engine.coordination.with { connection in
                try connection.transaction { try connection.take(purpose, from: budget, insteadOf: grant) }
            }
        } catch is NotLeaderError {
            throw .withheld(.anotherLeads)
        } catch is KeyTakenError {
            throw .withheld(.keyTaken)
        } catch {
            throw .withheld(.storeUnavailable)
        }
    }
}

extension SQLConnection {
    fileprivate func take(
        _ purpose: RequestBudget.Purpose, from budget: RequestBudget, insteadOf grant: SharedBudgetGrant?
    ) throws -> SharedBudgetDecision {
        try run("SELECT pg_advisory_xact_lock(1786080357, 'upstream_request'::regclass::oid::bigint::bit(32)::int)")
        let log = try first("SELECT term, \(ServerTime.sql) FROM log") { (term: $0.int(0), now: $0.int(1)) }
        guard let log else { throw StoreError.refused("the table log is empty") }
        try checkFences(term: log.term)
        let begin = log.now - RequestBudget.window.nanoseconds
        // Rows from the future are those of a server whose clock was ahead: they count from now on.
        try run(
            """
            WITH old AS (DELETE FROM upstream_request WHERE at <= ?1 OR number = ?3)
            UPDATE upstream_request SET at = ?2 WHERE at > ?2 AND number <> ?3
            """, .integer(begin), .integer(log.now), .integer(grant?.number ?? 0))
        let spent = try query("SELECT at, purpose FROM upstream_request ORDER BY at, number") { row in
            RequestBudget.Request(
                at: .nanoseconds(row.int(0)),
                purpose: RequestBudget.Purpose(rawValue: Int(row.int(1))) ?? .background)
        }
        var shared = budget
        shared.learn(spent)
        let now = Duration.nanoseconds(log.now)
        guard shared.take(for: purpose, at: now) == nil else {
            let offset = .monotonic - now
            return .refused(spent: spent.map { .init(at: $0.at + offset, purpose: $0.purpose) })
        }
        let time = Duration.monotonic
        let number = try first(
            "INSERT INTO upstream_request (at, purpose) VALUES (\(ServerTime.sql), ?) RETURNING number",
            [.integer(Int64(purpose.rawValue))]
        ) { $0.int(0) }
        return .granted(SharedBudgetGrant(number: number ?? 0, at: time))
    }
}
