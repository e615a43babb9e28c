// SPDX-License-Identifier: Apache-2.0

/// A database for everybody: calls run one after the other on a thread of its own and block no one else's.
public protocol SQLDatabase: AnyObject, Sendable {
    /// Runs `body` with the connection. What it does in several statements is one unit only inside a transaction.
    ///
    /// - Throws: What `body` throws, and the engine's error if there is no connection.
    func with<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T

    /// How often a `body` ended with the engine's error.
    var failureCount: UInt64 { get }
}
