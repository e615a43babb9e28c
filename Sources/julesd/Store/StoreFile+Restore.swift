// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension StoreFile {
    /// The result of a restore.
    struct Restored {
        let contents: StoreCheck
        /// The path of the earlier store, which is kept; `nil` if there was none.
        let aside: String?
    }

    /// Replaces this store by a copy, in a new epoch. Blocks.
    ///
    /// Any copy can be used: a backup, a plain copy, or one whose daemon was killed, together with its write-ahead log. It is
    /// checked before anything here is changed, and it is not changed itself.
    ///
    /// - Throws: `StoreError`, `StoreLockError` if the store is in use, `MigrationError`, `StorageError`, `SystemError`.
    func restore(_ copy: String, at now: Timestamp) throws -> Restored {
        guard FileSystem.exists(copy) else { throw StoreError.refused("there is no file \(copy)") }
        guard !FileSystem.isSame(copy, path) else { throw StoreError.refused("\(copy) is the store itself") }
        try makeDirectory()
        let draft = directory + "/sessions.restoring.sqlite"
        let lock = try asOwner { try StoreLock(path: path) }
        defer { withExtendedLifetime(lock) {} }
        try asOwner { _ = try finishRestore(at: now) }
        let contents: StoreCheck
        do {
            try asOwner { try remove(draft) }
            try draw(copy, draft)
            contents = try asOwner { try accept(draft, from: copy, at: now) }
        } catch {
            try? asOwner { try remove(draft) }
            throw error
        }
        return Restored(contents: contents, aside: try asOwner { try finishRestore(at: now) })
    }

    /// A copy that is complete and checked. If it exists, the next start or restore installs it.
    var acceptedPath: String { directory + "/sessions.restored.sqlite" }

    /// Installs an accepted copy, which an interrupted restore may have left.
    ///
    /// Call this while you hold the store's lock.
    ///
    /// - Returns: the path of the earlier store, which is kept; `nil` if there was none, or if there is no such copy.
    func finishRestore(at now: Timestamp) throws -> String? {
        guard FileSystem.exists(acceptedPath) else { return nil }
        let mark = try acceptedMark
        let aside = try keepPresent(at: now)
        try FileSystem.rename(acceptedPath, to: path)
        if let mark { try PrivateFile.replace(markPath, with: mark.bytes) }
        return aside
    }

    private var acceptedMark: StoreMark? {
        get throws {
            let connection = try SQLiteConnection(path: acceptedPath, mode: .alone)
            return try connection.first("SELECT mark, head FROM log") { row in
                row.textOrNil(0).map { StoreMark(text: $0, told: row.int(1)) }
            } ?? nil
        }
    }

    /// Root works in the folder with its owner's rights, and reads the copy with its own.
    private func asOwner<Value>(_ body: () throws -> Value) throws -> Value {
        try FileRights.ofOwner(of: directory, body)
    }

    /// Copies the file, and its write-ahead log if that belongs to it.
    private func draw(_ copy: String, _ draft: String) throws {
        try draw(copy, as: draft)
        let store = WriteAheadLog(of: copy)
        if store.hasContent, try !StoreFileKind(of: copy).isStray(folder: nil, store: { try store.contains($0) }) {
            try draw(store.path, as: WriteAheadLog(of: draft).path)
        }
    }

    private func draw(_ source: String, as name: String) throws {
        let file = try asOwner { try DraftFile(for: name) }
        try file.append(contentsOf: source)
        try asOwner { try file.takeName(replacing: false) }
    }

    /// Checks the draft and makes it the accepted copy. From then on the restore will be finished, also after a crash.
    private func accept(_ draft: String, from copy: String, at now: Timestamp) throws -> StoreCheck {
        let contents: StoreCheck
        do { contents = try check(draft) } catch let error as SQLiteError {
            throw StoreError.refused("\(copy) is not restored: \(error.message)")
        } catch let error as MigrationError {
            throw StoreError.refused("\(copy) is not restored: \(error)")
        }
        guard contents.problems.isEmpty else {
            throw StoreError.refused("\(copy) is not restored: \(contents.problems.joined(separator: "; "))")
        }
        try prepare(draft, now)
        try FileSystem.rename(draft, to: acceptedPath)
        return contents
    }

    private func check(_ draft: String) throws -> StoreCheck {
        let connection = try SQLiteConnection(path: draft, mode: .readWrite)
        if try Schema.migrator.version(of: connection) > 0 { try Schema.migrator.migrate(connection) }
        let contents = try StoreCheck(of: connection)
        try connection.close()
        return contents
    }

    /// Begins the new epoch, above every number of this store and of the copy.
    private func prepare(_ draft: String, _ now: Timestamp) throws {
        let connection = try SQLiteConnection(path: draft, mode: .readWrite)
        let head = try connection.transaction {
            let own = try connection.first("SELECT head FROM log") { $0.int(0) } ?? 0
            return try connection.beginEpoch(above: max(own, presentHead), now: now)
        }
        try connection.run("UPDATE log SET mark = ?", .text(StoreMark.fresh(told: head.seq).text))
        try connection.close()
    }

    /// The highest number that is known here, even if the store is damaged.
    private var presentHead: Int64 {
        let told = StoreMark(readFrom: markPath)?.told ?? 0
        guard let connection = try? SQLiteConnection(path: path, mode: .alone) else { return told }
        return max(told, ((try? connection.first("SELECT head FROM log") { $0.int(0) }) ?? nil) ?? 0)
    }

    private func keepPresent(at now: Timestamp) throws -> String? {
        guard FileSystem.exists(path) else { return nil }
        if try hasStrayLog(StoreFileKind(of: path)) {
            try FileSystem.rename(WriteAheadLog(of: path).path, to: freePath("stray", at: now) + "-wal")
        }
        return try setAside(as: "before-restore", at: now)
    }

    private func remove(_ draft: String) throws {
        for suffix in ["-wal", "-shm", "-journal", ""] { try FileSystem.remove(draft + suffix) }
    }
}
