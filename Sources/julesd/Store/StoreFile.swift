// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Why there is no usable store.
enum StoreError: Error, CustomStringConvertible {
    case directory(path: String, reason: String)
    case locked(StoreLockError)
    case newerSchema(String)
    case damaged(String)
    case unusable(String)
    /// The store and the disk are healthy; julesd used them wrongly.
    case fault(String)
    /// Another program reads the file and prevents an orderly start.
    case attached(String)
    case absent(String)
    /// The reason why a request is refused.
    case refused(String)
    /// A setting is wrong in a way that only the engine can tell.
    case setting(String)

    /// The store error for any error.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as StoreError: error
            case let error as MigrationError: .newerSchema("\(error)")
            case let error as PostgreSQLError where error.isWrongURI:
                .setting("STORE: \(error.message); see the list of parameters of libpq")
            case let error as PostgreSQLError where !error.isFaultOfCaller: .unusable(error.withAdvice)
            case let error as any StorageError where error.isCorruption: .damaged("\(error)")
            case let error as any StorageError where error.isFaultOfCaller: .fault("\(error)")
            case let error as StoreLockError: .locked(error)
            default: .unusable("\(error)")
            }
    }

    var description: String {
        switch self {
        case .directory(let path, let reason): "DATA_DIR \(path) cannot be used: \(reason)"
        case .locked(let error): "\(error)"
        case .newerSchema(let reason): "\(reason); install that release, or move the file away to begin anew"
        case .damaged(let reason):
            "\(reason); the file is left as it is: restore a backup, or move the file away to begin anew"
        case .unusable(let reason): reason
        case .fault(let reason): "\(reason); this is a fault of julesd: please report it"
        case .attached(let path): "another program reads \(path) just now; end it, or try again"
        case .absent(let path):
            "there is no store \(path): PERSIST=1 makes the daemon keep one, and DATA_DIR says where"
        case .refused(let reason), .setting(let reason): reason
        }
    }
}

/// The store's file in DATA_DIR, `sessions.sqlite`.
struct StoreFile: Sendable {
    let directory: String

    var path: String { directory + "/sessions.sqlite" }

    /// The mark of the run that wrote last.
    var markPath: String { path + ".mark" }

    /// Opens the store for writing, and creates it if there is none.
    ///
    /// A database of another program, such as the older control room's, is set aside and not changed. So is a write-ahead log
    /// that belongs to another file.
    ///
    /// - Throws: `StoreError`.
    func open(
        _ logger: Logger, migrator: Migrator = Schema.migrator, check: SQLiteEngine.Check = .first
    ) async throws -> SessionStore {
        do {
            try makeDirectory()
            let lock = try StoreLock(path: path)
            if FileSystem.exists(acceptedPath) {
                let aside = try finishRestore(at: .now)
                logger.notice(
                    "a restore that was interrupted is finished\(aside.map { "; the store before it is kept as \($0)" } ?? "")"
                )
            }
            let claim = StoreOwnership(store: path, lock: lock)
            // After a kill or a power cut the file is checked before anything is added to its log.
            let check = WriteAheadLog(of: path).hasContent ? .first : check
            let kind = StoreFileKind(of: path)
            try setAsideStrayLog(kind, logger)
            if kind == .foreign {
                let aside = try setAside(as: "old", at: .now)
                logger.event(
                    .oldStoreSetAside, level: .warning,
                    "\(path) is not a store of julesd: it is kept as \(aside), and a new store begins")
            }
            let store = try await SessionStore(
                at: .file(path: path), claim: claim, migrator: migrator, check: check, now: .now,
                snapshot: { try snapshot($0, version: $1, logger) })
            if store.isReplaced {
                logger.event(
                    .storeReplaced, level: .warning,
                    "\(path) is not the store that was left here: its changes are numbered anew, in another epoch")
            }
            return store
        } catch {
            throw StoreError(error)
        }
    }

    /// Whether the write-ahead log beside the file belongs to another file.
    func hasStrayLog(_ kind: StoreFileKind) throws -> Bool {
        let store = WriteAheadLog(of: path)
        guard store.hasContent else { return false }
        return try kind.isStray(folder: StoreMark(readFrom: markPath)) { try store.contains($0) }
    }

    private func setAsideStrayLog(_ kind: StoreFileKind, _ logger: Logger) throws {
        guard try hasStrayLog(kind) else { return }
        let aside = freePath("stray", at: .now) + "-wal"
        try FileSystem.rename(WriteAheadLog(of: path).path, to: aside)
        // The index of that log. SQLite makes a new one.
        try FileSystem.remove(path + "-shm")
        logger.event(
            .strayLogSetAside, level: .warning,
            "the write-ahead log beside \(path) belongs to another file: it is kept as \(aside) and not applied")
    }

    /// Keeps a copy of the store before a migration.
    private func snapshot(_ connection: SQLiteConnection, version: Int, _ logger: Logger) throws {
        let copy = freePath("v\(version)", at: .now)
        let draft = try DraftFile(for: copy)
        try connection.copy(to: draft)
        try draft.giveToOwner(of: directory)
        try draft.takeName(replacing: false)
        logger.notice("the store as it was before its migration is kept as \(copy)")
    }

    func makeDirectory() throws(StoreError) {
        do {
            try FileSystem.makeDirectory(directory)
        } catch {
            throw .directory(path: directory, reason: "\(error)")
        }
    }

    /// Renames the file to `sessions.KIND-DATE.sqlite` and returns the new path.
    func setAside(as kind: String, at now: Timestamp) throws(SystemError) -> String {
        let aside = freePath(kind, at: now)
        // The write-ahead log has data of this file that is not in it yet.
        for suffix in ["-wal", "-shm", ""] where FileSystem.exists(path + suffix) {
            try FileSystem.rename(path + suffix, to: aside + suffix)
        }
        return aside
    }

    /// `sessions.KIND-DATE.sqlite`, with a number if that name is taken.
    func freePath(_ kind: String, at now: Timestamp) -> String {
        let name = "\(directory)/sessions.\(kind)-\(now.rfc3339.prefix(10))"
        var path = "\(name).sqlite"
        var number = 1
        while FileSystem.exists(path) || FileSystem.exists(path + "-wal") {
            number += 1
            path = "\(name)-\(number).sqlite"
        }
        return path
    }
}
