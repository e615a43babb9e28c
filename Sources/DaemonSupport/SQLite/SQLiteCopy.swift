// SPDX-License-Identifier: Apache-2.0

internal import CSQLite
internal import Glibc

extension SQLiteConnection {
    /// How a copy is made.
    public enum Pace: Sendable {
        /// Nobody else uses the file.
        case full
        /// Others write to the same disk and use the same processors: at least as much time is left to them.
        case gentle
    }

    /// Writes the database as it is at this moment to an empty file, however much is committed meanwhile. Blocks.
    ///
    /// The copying holds one reading transaction: steps without it would begin anew at every commit of another process
    /// (<https://www.sqlite.org/c3ref/backup_finish.html>). What is copied goes to the disk step by step, so that nobody else's
    /// fsync(2) has to wait for all of it at once.
    public func copy(to file: DraftFile, pace: Pace = .full) throws {
        let copy = try SQLiteConnection(path: file.path, mode: .readWrite)
        // Durability is the draft's business, and of a half-made copy nothing is kept.
        try copy.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF")
        try execute("BEGIN")
        defer { try? execute("ROLLBACK") }
        // The transaction begins with the first reading.
        _ = try first("SELECT count(*) FROM sqlite_schema") { $0.int(0) }
        try steps(to: copy, file.descriptor, pace)
    }

    /// How many pages one step copies: 1 MB.
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

    /// In microseconds.
    private static func pause(after work: Duration) -> UInt32 {
        UInt32(max(.milliseconds(2), min(work, .milliseconds(200))) / .microseconds(1))
    }
}
