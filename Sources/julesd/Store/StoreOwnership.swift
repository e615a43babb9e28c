// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The right to write a store, and the marks that a run leaves in it.
final class StoreOwnership: Sendable {
    private let lock: Mutex<StoreLock?>
    private let path: String
    private let known: StoreMark?
    private let file = Mutex<(mark: StoreMark, file: FixedSizeFile)?>(nil)

    /// - Parameters:
    ///   - store: the database file, which need not exist.
    ///   - lock: its lock.
    init(store: String, lock: consuming StoreLock) {
        self.lock = Mutex(lock)
        path = store + ".mark"
        known = StoreMark(readFrom: path)
    }

    /// The mark that an earlier run left in the folder; `nil` if there is none.
    var earlier: StoreMark? { known }

    /// Whether the file is as the last run left it. Then it can be used before the check and the checkpoint.
    func isAsLeft(_ connection: SQLiteConnection) throws -> Bool {
        let mode = try connection.first("PRAGMA journal_mode") { $0.text(0) }
        guard let known, mode == "wal" else { return false }
        return try connection.first("SELECT mark, head FROM log") {
            known.isOf(($0.textOrNil(0), nil), head: $0.int(1))
        } ?? false
    }

    /// Writes this run's mark into the file, and begins a new epoch if the file is not the one that the last run left here.
    ///
    /// It runs in the transaction that reads the head.
    func begin(_ connection: SQLiteConnection, _ loaded: (head: LogHead, isNew: Bool), now: Timestamp) throws -> Start {
        let marks = try connection.first("SELECT mark, earlier_mark FROM log") {
            (newest: $0.textOrNil(0), earlier: $0.textOrNil(1))
        }
        let isKnown = known.map { known in marks.map { known.isOf($0, head: loaded.head.seq) } ?? false } ?? false
        var head = loaded.head
        if !loaded.isNew && !isKnown {
            head = try connection.beginEpoch(above: max(head.seq, known?.told ?? 0), now: now)
        }
        let mark = StoreMark.fresh(told: head.seq)
        // The folder's mark and not the file's newest: if several starts in a row failed in the middle, the folder still has
        // the mark of the last run.
        try connection.run(
            "UPDATE log SET mark = ?, earlier_mark = ?", .text(mark.text), SQLValue(isKnown ? known?.text : nil))
        return Start(
            head: head, mark: mark, isReplaced: !loaded.isNew && !isKnown,
            mayWait: isKnown && known?.text == marks?.newest)
    }

    /// Writes the mark to the folder, after it is in the file itself and not only in its write-ahead log.
    ///
    /// - Parameter isCheckpointedLater: ``checkpoint(_:)`` follows after the check.
    /// - Throws: `StoreError.attached` if somebody else reads the file and so prevents this, unless the log also carries the
    ///   file's earlier mark.
    func finish(_ start: Start, _ connection: SQLiteConnection, isCheckpointedLater: Bool) throws {
        let isAlone = try !isCheckpointedLater && connection.emptyLog()
        guard isAlone || start.mayWait else { throw StoreError.attached(connection.path) }
        try PrivateFile.replace(path, with: start.mark.bytes)
        // A log that still had the earlier mark would also fit a copy from before this start.
        if isAlone { try connection.run("UPDATE log SET earlier_mark = NULL") }
        let opened = try FixedSizeFile(path)
        file.withLock { $0 = (start.mark, opened) }
    }

    /// Moves the log into the file, and removes the earlier run's mark if that succeeds.
    func checkpoint(_ connection: SQLiteConnection) throws {
        if try connection.emptyLog() { try connection.run("UPDATE log SET earlier_mark = NULL") }
    }

    /// Records the number that is about to be published.
    func note(told: Int64) {
        file.withLock { file in
            guard let (mark, opened) = file else { return }
            opened.overwrite(with: StoreMark(text: mark.text, told: told).bytes)
        }
    }

    /// Releases the lock of the store.
    func release() { lock.withLock { $0 = nil } }

    /// The state at the beginning of a run.
    struct Start: Sendable {
        let head: LogHead
        let mark: StoreMark
        let isReplaced: Bool
        let mayWait: Bool
    }
}
