// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

extension SessionStore {
    /// Opens the store that the settings ask for: on a server, in a file, or in memory.
    ///
    /// - Throws: `StoreError`.
    static func open(for settings: Settings, logger: Logger) async throws -> SessionStore {
        if let server = settings.store {
            return try await open(on: server.secret, for: settings.instance, logger: logger)
        }
        guard settings.persist else { return try await SessionStore(at: .memory(), now: .now) }
        return try await StoreFile(directory: settings.dataDirectory).open(logger, check: .later)
    }

    private static func open(on server: Secret, for instance: String, logger: Logger) async throws -> SessionStore {
        do {
            return SessionStore(
                try await PostgreSQLEngine.open(
                    at: server.reveal(), instance: instance,
                    onNewHistory: {
                        logger.event(
                            .newHistory, level: .warning,
                            "PostgreSQL has another history than the log of changes: it is numbered anew, in another epoch"
                        )
                    }))
        } catch {
            throw StoreError(error)
        }
    }
}
