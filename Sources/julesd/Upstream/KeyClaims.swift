// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What only one of the instances that share a store may work on at a time.
///
/// The claim of an instance that is not heard any more is void, and the next one that wants it takes it over.
protocol KeyClaims: Sendable {
    /// Runs `body` with a claim on `key`, once no other instance has one. If another instance takes it over in between, `body` runs
    /// again after that.
    ///
    /// - Throws: what `body` throws, and the error of a store that cannot be reached.
    func hold<Value: Sendable>(
        _ key: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value

    /// Claims `key`. Returns `false` if another instance has claimed it that is certainly alive, and keeps it for longer than `time`.
    func claim(_ key: String, within time: Duration) async throws -> Bool

    /// Ends a claim of this instance.
    func release(_ key: String) async
}
