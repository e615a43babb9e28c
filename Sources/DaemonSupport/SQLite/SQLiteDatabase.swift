// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One connection on a thread of its own, for everybody: calls run one after the other and block no one else's thread.
///
/// A file in write-ahead mode takes any number of these for reading beside the one that writes.
public actor SQLiteDatabase {
    private let executor: ThreadExecutor
    private var connection: SQLiteConnection?
    private let path: String
    private let failures = Atomic<UInt64>(0)

    /// The database's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens `path` and lets `configure` prepare the connection, as by migrating its schema.
    ///
    /// - Throws: `SQLiteError`, and whatever `configure` throws; the connection is closed then.
    public init(
        path: String, mode: SQLiteConnection.Mode,
        configure: @Sendable (SQLiteConnection) throws -> Void = { _ in }
    ) async throws {
        executor = ThreadExecutor()
        self.path = path
        // All properties are set, so from here on this runs on the database's own thread.
        let connection = try SQLiteConnection(path: path, mode: mode)
        try configure(connection)
        self.connection = connection
    }

    /// Runs `body` with the connection. What it does in several statements is one unit only inside
    /// ``SQLiteConnection/transaction(_:)``.
    ///
    /// - Throws: What `body` throws, and `SQLiteError` after ``close()``.
    public func with<T: Sendable>(_ body: @Sendable (SQLiteConnection) throws -> T) throws -> T {
        do {
            guard let connection else { throw SQLiteError.closed(path) }
            return try body(connection)
        } catch let error as SQLiteError {
            failures.add(1, ordering: .relaxed)
            throw error
        }
    }

    /// How often a `body` ended with a `SQLiteError`.
    public nonisolated var failureCount: UInt64 { failures.load(ordering: .relaxed) }

    /// Lets go of the file without another write to it; what the write-ahead log holds stays there.
    public func abandon() { connection = nil }

    /// Closes the connection in good order; a second call does nothing. Readers close before the writer, whose log else
    /// stays beside the file.
    public func close() throws {
        defer { connection = nil }
        try connection?.close()
    }
}
