// SPDX-License-Identifier: Apache-2.0

/// One step of a schema from the version before it to `version`.
public struct Migration: Sendable {
    /// The `user_version` the file has afterwards; the first one is 1.
    public let version: Int
    let apply: @Sendable (SQLiteConnection) throws -> Void

    /// A step in SQL.
    public init(version: Int, sql: String) {
        self.init(version: version) { try $0.execute(sql) }
    }

    /// A step that needs more than SQL. It runs inside a transaction.
    public init(version: Int, apply: @escaping @Sendable (SQLiteConnection) throws -> Void) {
        self.version = version
        self.apply = apply
    }
}

/// Why a file's schema is not touched.
public enum MigrationError: Error, Equatable, CustomStringConvertible {
    /// A later release wrote the file. This one would not know what it may keep.
    case newer(path: String, found: Int, known: Int)
    /// Another application's database, by its `application_id`.
    case foreign(path: String, applicationID: Int32)

    /// The problem as a sentence for a log.
    public var description: String {
        switch self {
        case .newer(let path, let found, let known):
            "\(path) has schema version \(found), written by a later release; this one knows versions up to \(known)"
        case .foreign(let path, let applicationID):
            "\(path) is the database of another application (application_id \(applicationID))"
        }
    }
}

/// Brings the schema of a database to the latest version, and leaves alone what is not its own.
///
/// The file carries both marks in its header: `user_version`, the schema's version, and `application_id`, whose file it
/// is (<https://www.sqlite.org/pragma.html#pragma_application_id>).
public struct Migrator: Sendable {
    private let applicationID: Int32
    private let migrations: [Migration]

    /// A schema's steps, whose versions are 1, 2, 3 and so on.
    public init(applicationID: Int32, migrations: [Migration]) {
        precondition(migrations.map(\.version) == Array(1..<(migrations.count + 1)), "versions are 1, 2, 3 …")
        self.applicationID = applicationID
        self.migrations = migrations
    }

    /// The version that ``migrate(_:)`` leads to.
    public var latest: Int { migrations.count }

    /// The version of the database's schema, 0 for an empty one. Writes nothing.
    ///
    /// - Throws: `MigrationError` where the database is newer or not ours, else `SQLiteError`.
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

    /// Takes the missing steps, each in a transaction of its own: after a failure the database stands at the last good
    /// version.
    ///
    /// - Throws: What ``version(of:)``, `before` and a step throw.
    /// - Parameter before: called with the present version where steps are missing and there is something to lose.
    public func migrate(_ connection: SQLiteConnection, before: (Int) throws -> Void = { _ in }) throws {
        let version = try version(of: connection)
        if (1..<latest).contains(version) { try before(version) }
        for migration in migrations where migration.version > version {
            try connection.transaction {
                // Another process may have taken this step since.
                guard try self.version(of: connection) < migration.version else { return }
                try migration.apply(connection)
                // These two are part of the transaction; they take no parameters.
                try connection.execute(
                    "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(migration.version)")
            }
        }
    }
}

extension SQLiteConnection {
    fileprivate func pragma(_ name: String) throws -> Int64 {
        try first("PRAGMA \(name)") { $0.int(0) } ?? 0
    }
}
