// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension StoreFile {
    /// Writes the present store to `target`, whether or not a daemon runs. Blocks.
    ///
    /// `target` is complete or does not exist, is readable only by its owner, and is on the disk before this returns. It has
    /// no mark: a store that is replaced by it begins a new epoch (``StoreMark``). Root works in each folder with the rights
    /// of its owner, and gives the copy to the owner of the store.
    ///
    /// - Parameter replacing: whether an existing file may be replaced.
    /// - Returns: why the copy has another owner than the store; `nil` if it has the same.
    /// - Throws: `StoreError`, `MigrationError`, `StorageError`, `SystemError`.
    func backUp(to target: String, replacing: Bool) throws -> SystemError? {
        guard !FileSystem.isSame(target, path) else { throw StoreError.refused("\(target) is the store itself") }
        guard replacing || !FileSystem.exists(target) else {
            throw StoreError.refused("\(target) exists; --force replaces it")
        }
        let reading = try FileRights.ofOwner(of: directory) {
            let reading = try openToRead()
            guard try Schema.migrator.version(of: reading.connection) > 0 else {
                throw StoreError.refused("\(path) is empty")
            }
            return reading
        }
        let folder = FileSystem.folder(of: target)
        let draft = try FileRights.ofOwner(of: folder) {
            let draft = try DraftFile(for: target)
            try reading.connection.copy(to: draft, pace: reading.lock == nil ? .gentle : .full)
            try forgetMark(draft.path)
            return draft
        }
        let refusal = giveToOwner(draft)
        try FileRights.ofOwner(of: folder) { try draft.takeName(replacing: replacing) }
        return refusal
    }

    /// Not every disk for backups stores owners.
    private func giveToOwner(_ copy: DraftFile) -> SystemError? {
        do throws(SystemError) { try copy.giveToOwner(of: directory) } catch { return error }
        return nil
    }

    private func forgetMark(_ copy: String) throws {
        let connection = try SQLiteConnection(path: copy, mode: .readWrite)
        // One file that can be opened everywhere, also if nothing can be written beside it.
        try connection.execute("PRAGMA journal_mode = DELETE")
        try connection.run("UPDATE log SET mark = NULL, earlier_mark = NULL")
        // A copy of a damaged store is no backup.
        try connection.check()
        try connection.close()
    }
}
