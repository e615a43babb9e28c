// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@testable import julesd

/// A new store for a test: in memory, or on a PostgreSQL server if the environment has JULESD_TEST_STORE=postgresql.
enum TestStore {
    static let isOnServer = ProcessEnvironment.variables()["JULESD_TEST_STORE"] == "postgresql"

    /// - Parameter uri: an existing database; `nil` for a new one.
    static func open(
        at uri: String? = nil, now: Timestamp, clocks: @escaping @Sendable () -> ClockReading = ClockReading.now
    ) async throws -> SessionStore {
        guard isOnServer else { return try await SessionStore(at: .memory(), now: now, clocks: clocks) }
        return SessionStore(
            try await PostgreSQLEngine.open(
                at: uri ?? PostgreSQLServer.database(), instance: "test", now: now, clocks: clocks))
    }
}

extension Trait where Self == ConditionTrait {
    /// The test is about SQLite: its files, its plans, its pragmas.
    static var ofSQLite: Self { .disabled(if: TestStore.isOnServer, "The test is about SQLite.") }
}
