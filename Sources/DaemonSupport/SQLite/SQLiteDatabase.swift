// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One connection on its own thread that everybody may use. Calls run one after the other and block no other thread.
///
/// In write-ahead mode a file can have any number of these for reading, and one for writing.
public actor SQLiteDatabase: SQLDatabase {
    private let executor: ThreadExecutor
    private var connection: SQLiteConnection?
    private let path: String
    private let failures = Atomic<UInt64>(0)

    /// The executor of the database's thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens `path` and calls `configure` to prepare the connection, for example to migrate its schema.
    ///
    /// - Throws: `SQLiteError`, and what `configure` throws. The connection is then closed.
    public init(
        path: String, mode: SQLiteConnection.Mode,
        configure: @Sendable (SQLiteConnection) throws -> Void = { _ in }
    ) async throws {
        executor = ThreadExecutor()
        self.path = path
        // All properties are set, so the rest of this initializer runs on the database's thread.
        let connection = try SQLiteConnection(path: path, mode: mode)
        try configure(connection)
        self.connection = connection
    }

    /// Runs `body` with the connection. Several statements are one unit only inside a transaction.
    public func with<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) throws -> T {
        try withConnection { try body($0) }
    }

    /// Runs `body` with the connection, which it uses as one of SQLite.
    ///
    /// - Throws: What `body` throws; `SQLiteError` after ``close()``.
    public func withConnection<T: Sendable>(_ body: @Sendable (SQLiteConnection) throws -> T) throws -> T {
        do {
            guard let connection else { throw SQLiteError.closed(path) }
            return try body(connection)
        } catch let error as SQLiteError {
            failures.add(1, ordering: .relaxed)
            throw error
        }
    }

    /// How many calls of `body` ended with a `SQLiteError`.
    public nonisolated var failureCount: UInt64 { failures.load(ordering: .relaxed) }

    /// Gives the file up without writing to it. The contents of the write-ahead log stay there.
    public func abandon() { connection = nil }

    /// Closes the connection. A second call does nothing. Close readers before the writer; otherwise the write-ahead
    /// log stays beside the file.
    ///
    /// - Throws: `SQLiteError` if the connection cannot be closed.
    public func close() throws {
        defer { connection = nil }
        try connection?.close()
    }
}
