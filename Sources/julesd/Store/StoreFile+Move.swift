// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension StoreFile {
    /// A store that is about to be moved to a server. Nobody else uses it meanwhile.
    struct Moving {
        let connection: SQLiteConnection
        let lock: StoreLock
        /// Whether a daemon that started on it would keep its epoch.
        let keepsEpoch: Bool
    }

    /// Opens the store to move it, and checks it for damage. The database file is not changed.
    ///
    /// - Throws: `StoreError`, `StoreLockError` if it is in use, `MigrationError`, `StorageError`.
    func openToMove() throws -> Moving {
        guard FileSystem.exists(path) || FileSystem.exists(acceptedPath) else { throw StoreError.absent(path) }
        let lock = try StoreLock(path: path)
        guard !FileSystem.exists(acceptedPath) else { throw unready("a restore of \(path) was interrupted") }
        guard try !hasStrayLog(StoreFileKind(of: path)) else {
            throw unready("the write-ahead log beside \(path) belongs to another file")
        }
        let connection = try SQLiteConnection(
            path: path, mode: WriteAheadLog(of: path).hasContent ? .readOnly : .alone)
        let version = try Schema.migrator.version(of: connection)
        guard version == Schema.migrator.latest else { throw unready("\(path) has schema version \(version)") }
        try connection.check()
        let log = try connection.first("SELECT mark, earlier_mark, head FROM log") {
            (marks: (newest: $0.textOrNil(0), earlier: $0.textOrNil(1)), head: $0.int(2))
        }
        guard let log else { throw unready("\(path) is empty") }
        let mark = StoreMark(readFrom: markPath) ?? StoreMark(readFrom: movedMarkPath)
        return Moving(
            connection: connection, lock: lock, keepsEpoch: mark?.isOf(log.marks, head: log.head) ?? false)
    }

    /// Notes that the store goes on elsewhere: a daemon that starts on the file again begins a new epoch, because the other store
    /// gives the next numbers of this one to other changes.
    func noteMoved() throws(SystemError) {
        if FileSystem.exists(markPath) { try FileSystem.rename(markPath, to: movedMarkPath) }
    }

    /// The mark of the run that wrote last before the store was moved.
    private var movedMarkPath: String { markPath + ".moved" }

    /// The error for a store that a start would change first.
    func unready(_ reason: String) -> StoreError {
        .refused("\(reason): first run \"julesd migrate\" without --to and without STORE, which settles that")
    }
}
