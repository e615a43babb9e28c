// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Remembers by which address and key the sessions kept here were shown.
extension SessionStore {
    /// A digest of the address and the key that have shown the account last; `nil` before the first.
    func account() async throws -> String? {
        try await read { connection in try connection.first("SELECT account FROM log") { $0.textOrNil(0) } ?? nil }
    }

    /// Notes that this address and key show the account.
    func noteAccount(_ identity: String) async throws {
        try await write { try $0.run("UPDATE log SET account = ?1 WHERE account IS NOT ?1", .text(identity)) }
    }
}
