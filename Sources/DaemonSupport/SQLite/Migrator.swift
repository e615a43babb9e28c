// SPDX-License-Identifier: Apache-2.0

/// One step of a database schema, from the version before it to `version`.
public struct Migration: Sendable {
    /// The file's `user_version` after the step. The first step has version 1.
    public let version: Int
    let apply: @Sendable (SQLiteConnection) throws -> Void

    /// A step that is SQL only.
    public init(version: Int, sql: String) {
        self.init(version: version) { try $0.execute(sql) }
    }

    /// A step that also needs code. It runs inside a transaction.
    public init(version: Int, apply: @escaping @Sendable (SQLiteConnection) throws -> Void) {
        self.version = version
        self.apply = apply
    }
}

/// Why the schema of a file is not changed.
public enum MigrationError: Error, Equatable, CustomStringConvertible {
    /// A later release wrote the file, and this release does not know its schema.
    case newer(path: String, found: Int, known: Int)
    /// The file is the database of another application, according to its `application_id`.
    case foreign(path: String, applicationID: Int32)

    /// The problem as a clause for a log.
    public var description: String {
        switch self {
        case .newer(let path, let found, let known):
            "\(path) has schema version \(found), written by a later release; this one knows versions up to \(known)"
        case .foreign(let path, let applicationID):
            "\(path) is the database of another application (application_id \(applicationID))"
        }
    }
}

/// Brings the schema of a database to the latest version. It does not change a file of another application or of a
/// later release.
///
/// The header of the file contains both marks: `user_version`, the version of the schema, and `application_id`, the
/// application that owns it (<https://www.sqlite.org/pragma.html#pragma_application_id>).
public struct Migrator: Sendable {
    private let applicationID: Int32
    private let migrations: [Migration]

    /// The steps of a schema. Their versions must be 1, 2, 3 and so on.
    public init(applicationID: Int32, migrations: [Migration]) {
        precondition(migrations.map(\.version) == Array(1..<(migrations.count + 1)), "versions are 1, 2, 3 …")
        self.applicationID = applicationID
        self.migrations = migrations
    }

    /// The version after ``migrate(_:before:)``.
    public var latest: Int { migrations.count }

    /// The version of the database's schema; 0 for an empty database. Writes nothing.
    ///
    /// - Throws: `MigrationError` if the database has a later version or belongs to another application; otherwise
    ///   `SQLiteError`.
    public func version(of connection: SQLiteConnection) throws -> Int {
        let found = Int32(truncatingIfNeeded: try connection.pragma("application_id"))
        let isEmpty = try connection.first("SELECT 1 FROM sqlite_schema") { _ in true } == nil
        guard found == applicationID || (found == 0 && isEmpty) else {
            throw MigrationError.foreign(path: connection.path, applicationID: found)
        }
        let version = Int(try connection.pragma("user_version"))
        guard version <= latest else {
            throw MigrationError.newer(path: connection.path, found: version, known: latest)
        }
        return version
    }

    /// Runs the missing steps, each in its own transaction. If a step fails, the database keeps the version before it. A new
    /// database gets all steps in one transaction.
    ///
    /// - Parameter before: called with the present version if steps are missing and the database is not empty.
    /// - Throws: What ``version(of:)``, `before` or a step throws.
    public func migrate(_ connection: SQLiteConnection, before: (Int) throws -> Void = { _ in }) throws {
        let version = try version(of: connection)
        if (1..<latest).contains(version) { try before(version) }
        guard version > 0 else { return try connection.transaction { try run(migrations, connection) } }
        for migration in migrations where migration.version > version {
            try connection.transaction { try run([migration], connection) }
        }
    }

    private func run(_ steps: [Migration], _ connection: SQLiteConnection) throws {
        for migration in steps {
            // Another process may have run this step in the meantime.
            guard try version(of: connection) < migration.version else { continue }
            try migration.apply(connection)
            // Both pragmas are part of the transaction. Pragmas take no bound values.
            try connection.execute(
                "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(migration.version)")
        }
    }
}

extension SQLiteConnection {
    fileprivate func pragma(_ name: String) throws -> Int64 {
        try first("PRAGMA \(name)") { $0.int(0) } ?? 0
    }
}
