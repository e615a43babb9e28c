// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension StoreFile {
    /// Writes the store as it is at this moment to `target`, whether or not a daemon runs. Blocks.
    ///
    /// `target` is there whole or not at all, readable by its owner alone, on the disk before this returns, and without a mark:
    /// whoever puts it in the place of a store gets a new epoch (``StoreMark``).
    ///
    /// - Parameter replacing: Whether a file of that name may go.
    /// - Throws: `StoreError`, `MigrationError`, `SQLiteError`, `SystemError`.
    func backUp(to target: String, replacing: Bool) throws {
        guard !FileSystem.isSame(target, path) else { throw StoreError.refused("\(target) is the store itself") }
        guard replacing || !FileSystem.exists(target) else {
            throw StoreError.refused("\(target) exists; --force replaces it")
        }
        let reading = try openToRead()
        guard try Schema.migrator.version(of: reading.connection) > 0 else {
            throw StoreError.refused("\(path) is empty")
        }
        let draft = target + ".new"
        try PrivateFile.remove(draft)
        do {
            try reading.connection.copy(to: draft, pace: reading.lock == nil ? .gentle : .full)
            try forgetMark(draft)
            try FileSystem.giveToOwner(of: directory, draft)
            if replacing {
                try FileSystem.rename(draft, to: target)
            } else {
                try FileSystem.renameToNew(draft, target)
            }
            try FileSystem.syncFolder(of: target)
        } catch {
            try? PrivateFile.remove(draft)
            throw error
        }
    }

    private func forgetMark(_ copy: String) throws {
        let connection = try SQLiteConnection(path: copy, mode: .readWrite)
        // A single file that opens everywhere, also where nothing can be written beside it.
        try connection.execute("PRAGMA journal_mode = DELETE")
        try connection.run("UPDATE log SET mark = NULL, earlier_mark = NULL")
        // A copy of damage is no backup.
        try connection.check()
        try connection.close()
    }
}
