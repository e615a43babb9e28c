// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension StoreFile {
    /// The store opened for reading, beside a running daemon or alone.
    struct Reading {
        let connection: SQLiteConnection
        /// Held where no daemon runs, so that none begins meanwhile.
        let lock: StoreLock?
        /// A write-ahead log lies there that belongs to another file; it was left out.
        let leavesStrayLogOut: Bool
    }

    /// Opens the store to read it; nothing in the folder changes but for the lock file.
    ///
    /// - Throws: `StoreError`, `SQLiteError`.
    func openToRead() throws -> Reading {
        guard FileSystem.exists(path) else { throw StoreError.absent(path) }
        guard let lock = try freeLock() else {
            // Whoever holds it has judged the write-ahead log.
            return Reading(
                connection: try SQLiteConnection(path: path, mode: .readOnly), lock: nil, leavesStrayLogOut: false)
        }
        let isStray = try hasStrayLog(StoreFileKind(of: path))
        let isAlone = isStray || !WriteAheadLog(of: path).hasContent
        return Reading(
            connection: try SQLiteConnection(path: path, mode: isAlone ? .alone : .readOnly), lock: lock,
            leavesStrayLogOut: isStray)
    }

    /// The store's lock; `nil` where somebody has it.
    private func freeLock() throws(StoreLockError) -> StoreLock? {
        do {
            return try StoreLock(path: path)
        } catch {
            if case .held = error { return nil }
            throw error
        }
    }
}
