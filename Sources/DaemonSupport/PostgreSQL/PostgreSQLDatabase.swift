// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A connection to PostgreSQL on a thread of its own, made when it is first used and again after it was lost.
///
/// A call that loses the connection fails; nothing is tried again behind the back of the caller, because nobody knows whether the last
/// statement was carried out. While no server can be reached, calls fail at once for ``rest`` after each attempt.
public actor PostgreSQLDatabase: SQLDatabase {
    /// How long nobody tries to connect after an attempt that failed.
    static let rest = Duration.seconds(1)

    private let executor = ThreadExecutor()
    private let connect: @Sendable () throws -> PostgreSQLConnection
    private var connection: PostgreSQLConnection?
    private var refusal: (error: any Error, until: ContinuousClock.Instant)?
    private var isClosed = false
    private let failures = Atomic<UInt64>(0)

    /// The database's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - uri, application, patience: see ``PostgreSQLConnection``.
    ///   - configure: prepares each new connection.
    public init(
        uri: String, application: String, patience: Duration = .seconds(10),
        configure: @escaping @Sendable (PostgreSQLConnection) throws -> Void = { _ in }
    ) {
        connect = {
            let connection = try PostgreSQLConnection(uri: uri, application: application, patience: patience)
            try configure(connection)
            return connection
        }
    }

    /// Runs `body` with the connection. Several statements are one unit only inside a transaction.
    public func with<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) throws -> T {
        try withConnection { try body($0) }
    }

    /// Runs `body` with the connection, which it uses as one of PostgreSQL.
    public func withConnection<T: Sendable>(_ body: @Sendable (PostgreSQLConnection) throws -> T) throws -> T {
        do { return try body(try open()) } catch {
            if error is PostgreSQLError { failures.add(1, ordering: .relaxed) }
            throw error
        }
    }

    /// How many calls of `body` ended with a `PostgreSQLError`.
    public nonisolated var failureCount: UInt64 { failures.load(ordering: .relaxed) }

    /// Closes the present connection, because another one to the same server was lost. The next call makes a new one.
    public func disconnect() {
        connection?.close()
        connection = nil
    }

    /// Closes the connection. Later calls fail.
    public func close() {
        isClosed = true
        connection?.close()
        connection = nil
    }

    private func open() throws -> PostgreSQLConnection {
        if isClosed { throw PostgreSQLError.closed() }
        if let connection, connection.isOpen { return connection }
        connection = nil
        if let refusal, ContinuousClock.now < refusal.until { throw refusal.error }
        do {
            let new = try connect()
            connection = new
            refusal = nil
            return new
        } catch {
            refusal = (error, .now + Self.rest)
            throw error
        }
    }
}
