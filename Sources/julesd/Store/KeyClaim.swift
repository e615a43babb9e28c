// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The right of an instance to work on a request with a key; see ``KeyClaims``.
///
/// A transaction of a task with a claim commits only if no other instance has taken it over.
struct KeyClaim: Sendable, Equatable {
    @TaskLocal static var current: KeyClaim?

    let key: String
    /// One run of an instance.
    let instance: String
}

/// Another instance has taken over the request with this key, because this one had not been heard for too long.
struct KeyTakenError: StorageError {
    let isConstraint = false
    let isFaultOfCaller = false
    let isTrouble = false
    var description: String { "another instance works on the request with this key now" }
}

extension SQLConnection {
    /// Checks that what the present task works for is still this instance's.
    ///
    /// - Parameter term: the one in the store.
    /// - Throws: `NotLeaderError`, `KeyTakenError`.
    func checkFences(term: Int64) throws {
        if let known = LeaderTerm.current, known != term { throw NotLeaderError() }
        guard let claim = KeyClaim.current else { return }
        let owner = try first("SELECT instance FROM key_claim WHERE key = ?", [.text(claim.key)]) { $0.text(0) }
        guard owner == claim.instance else { throw KeyTakenError() }
    }
}
