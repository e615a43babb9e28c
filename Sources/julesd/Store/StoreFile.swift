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

    var description: String {
        switch self {
        case .directory(let path, let reason): "DATA_DIR \(path) cannot be used: \(reason)"
        case .locked(let error): "\(error)"
        case .newerSchema(let reason): "\(reason); install that release, or move the file away to begin anew"
        case .damaged(let reason):
            "\(reason); the file is left as it is: restore a backup, or move the file away to begin anew"
        case .unusable(let reason): reason
        }
    }
}

/// The store's file in DATA_DIR, `sessions.sqlite`.
struct StoreFile: Sendable {
    let directory: String

    var path: String { directory + "/sessions.sqlite" }

    /// Opens the log that the settings ask for.
    ///
    /// A database of another program, such as the older control room's, is set aside and not touched otherwise.
    ///
    /// - Throws: `StoreError`.
    static func open(for settings: Settings, logger: Logger) async throws -> ChangeLog {
        guard settings.persist else { return try await ChangeLog(at: .memory(), now: .now) }
        let file = StoreFile(directory: settings.dataDirectory)
        do {
            try file.makeDirectory()
            let lock = try StoreLock(path: file.path)
            do {
                return try await ChangeLog(at: .file(path: file.path), lock: lock, now: .now)
            } catch MigrationError.foreign {
                let aside = try file.setAside(at: .now)
                logger.event(
                    .oldStoreSetAside, level: .warning,
                    "\(file.path) is not a store of julesd: it is kept as \(aside), and a new store begins")
                return try await ChangeLog(at: .file(path: file.path), lock: lock, now: .now)
            }
        } catch let error as MigrationError {
            throw StoreError.newerSchema("\(error)")
        } catch let error as SQLiteError {
            throw error.isCorruption ? StoreError.damaged("\(error)") : StoreError.unusable("\(error)")
        } catch let error as StoreLockError {
            throw StoreError.locked(error)
        }
    }

    private func makeDirectory() throws(StoreError) {
        do {
            try FileSystem.makeDirectory(directory)
        } catch {
            throw .directory(path: directory, reason: "\(error)")
        }
    }

    /// Renames the file to `sessions.old-DATE.sqlite`, with a number where that name is taken, and returns the new path.
    private func setAside(at now: Timestamp) throws -> String {
        let date = now.rfc3339.prefix(10)
        var aside = "\(directory)/sessions.old-\(date).sqlite"
        var number = 1
        while FileSystem.exists(aside) {
            number += 1
            aside = "\(directory)/sessions.old-\(date)-\(number).sqlite"
        }
        // What has not been folded into the file yet belongs to it.
        for suffix in ["-wal", "-shm", ""] where FileSystem.exists(path + suffix) {
            try FileSystem.rename(path + suffix, to: aside + suffix)
        }
        return aside
    }
}
