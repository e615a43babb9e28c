// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension StoreFile {
    /// The store opened for reading, with or without a running daemon.
    struct Reading {
        let connection: SQLiteConnection
        /// Held if no daemon runs, so that none starts meanwhile.
        let lock: StoreLock?
        /// Whether the write-ahead log in the folder belongs to another file and was left out.
        let leavesStrayLogOut: Bool
    }

    /// Opens the store to read it. Only the lock file in the folder changes.
    ///
    /// - Throws: `StoreError`, `StorageError`.
    func openToRead() throws -> Reading {
        guard FileSystem.exists(path) else { throw StoreError.absent(path) }
        guard let lock = try freeLock() else {
            // The daemon that has the lock has already checked the write-ahead log.
            return Reading(
                connection: try SQLiteConnection(path: path, mode: .readOnly), lock: nil, leavesStrayLogOut: false)
        }
        let isStray = try hasStrayLog(StoreFileKind(of: path))
        let isAlone = isStray || !WriteAheadLog(of: path).hasContent
        return Reading(
            connection: try SQLiteConnection(path: path, mode: isAlone ? .alone : .readOnly), lock: lock,
            leavesStrayLogOut: isStray)
    }

    /// The store's lock; `nil` if somebody else has it.
    private func freeLock() throws(StoreLockError) -> StoreLock? {
        do {
            return try StoreLock(path: path)
        } catch {
            if case .held = error { return nil }
            throw error
        }
    }
}
