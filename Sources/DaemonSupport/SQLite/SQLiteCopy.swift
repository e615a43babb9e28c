// SPDX-License-Identifier: Apache-2.0

internal import CSQLite
internal import Glibc

extension SQLiteConnection {
    /// How fast a copy is made.
    public enum Pace: Sendable {
        /// As fast as possible, because nobody else uses the file.
        case full
        /// With pauses of at least the same length, because others use the same disk and processors.
        case gentle
    }

    /// Writes the present state of the database to an empty file. Later commits are not part of the copy. Blocks.
    ///
    /// One read transaction is open all the time. Without it, each commit of another process would restart the copy
    /// (<https://www.sqlite.org/c3ref/backup_finish.html>). Each step is written to the disk at once, so that an
    /// fsync(2) of another process need not wait for the whole copy.
    ///
    /// - Throws: `SQLiteError` if the database cannot be read or the copy cannot be written.
    public func copy(to file: DraftFile, pace: Pace = .full) throws {
        let copy = try SQLiteConnection(path: file.path, mode: .readWrite)
        // `DraftFile` writes the copy to the disk, and an incomplete copy is removed.
        try copy.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF")
        try execute("BEGIN")
        defer { try? execute("ROLLBACK") }
        // The transaction begins with the first read.
        _ = try first("SELECT count(*) FROM sqlite_schema") { $0.int(0) }
        try steps(to: copy, file.descriptor, pace)
    }

    /// The number of pages per step: 1 MiB with pages of 4 KiB.
    private static let pagesPerStep: Int32 = 256

    private func steps(to copy: SQLiteConnection, _ descriptor: Int32, _ pace: Pace) throws {
        guard let backup = sqlite3_backup_init(copy.handle, "main", handle, "main") else { throw copy.failure() }
        var result: Int32
        repeat {
            let began = ContinuousClock.now
            result = sqlite3_backup_step(backup, Self.pagesPerStep)
            fdatasync(descriptor)
            if pace == .gentle { usleep(Self.pause(after: began.duration(to: .now))) }
        } while result == SQLITE_OK
        sqlite3_backup_finish(backup)
        guard result == SQLITE_DONE else {
            throw SQLiteError(code: result, message: String(cString: sqlite3_errstr(result)), path: copy.path)
        }
    }

    /// The pause in microseconds.
    private static func pause(after work: Duration) -> UInt32 {
        UInt32(max(.milliseconds(2), min(work, .milliseconds(200))) / .microseconds(1))
    }
}
