// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Stores which address and key showed the sessions of the store.
extension SessionStore {
    /// A digest of the address and the key that last showed the account; `nil` if there is none yet.
    func account() async throws -> String? {
        try await read { connection in try connection.first("SELECT account FROM log") { $0.textOrNil(0) } ?? nil }
    }

    /// Records that this address and key show the account.
    func noteAccount(_ identity: String) async throws {
        try await write { try $0.run("UPDATE log SET account = ?1 WHERE account IS DISTINCT FROM ?1", .text(identity)) }
    }
}
