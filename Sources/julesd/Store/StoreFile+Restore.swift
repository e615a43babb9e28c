// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension StoreFile {
    /// What a restore has put in place.
    struct Restored {
        let contents: StoreCheck
        /// Where the store that was there before is kept.
        let aside: String?
    }

    /// Puts a copy of a store in the place of this one, in a new epoch. Blocks.
    ///
    /// Any copy will do: a backup, a plain copy, one whose daemon was killed, together with its write-ahead log. It is checked
    /// before anything here is touched, and it is left as it is.
    ///
    /// - Throws: `StoreError`, `StoreLockError` where the store is in use, `MigrationError`, `SQLiteError`, `SystemError`.
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

    /// A copy that is complete and checked. As long as it lies there, the next start or restore puts it in place.
    var acceptedPath: String { directory + "/sessions.restored.sqlite" }

    /// Puts an accepted copy in place, which a restore that was interrupted may have left. Answers where the store that was there
    /// before is kept; `nil` if there was none, or if there is no such copy.
    ///
    /// To be called by the one who holds the store's lock.
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

    /// Copies the file, and its write-ahead log where that belongs to it.
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

    /// Checks the draft and makes it the copy that is to be put in place, come what may from here on.
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

    /// Begins the new epoch, above everything that this store and the copy have numbered.
    private func prepare(_ draft: String, _ now: Timestamp) throws {
        let connection = try SQLiteConnection(path: draft, mode: .readWrite)
        let head = try connection.transaction {
            let own = try connection.first("SELECT head FROM log") { $0.int(0) } ?? 0
            return try connection.beginEpoch(above: max(own, presentHead), now: now)
        }
        try connection.run("UPDATE log SET mark = ?", .text(StoreMark.fresh(told: head.seq).text))
        try connection.close()
    }

    /// The highest number that is known here, however damaged the store is.
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
