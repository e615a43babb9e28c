// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether output goes to the journal.
public enum JournalStream {
    /// Whether standard error is the stream in `JOURNAL_STREAM`, and so goes to the journal (systemd.exec(5)).
    public static var isStandardError: Bool {
        guard let variable = getenv("JOURNAL_STREAM") else { return false }
        return isJournal(STDERR_FILENO, stream: String(cString: variable))
    }

    /// Whether `descriptor` is the file with the `device:inode` in `stream`.
    ///
    /// The variable alone does not show it: a child process inherits the variable even if its output goes elsewhere.
    static func isJournal(_ descriptor: Int32, stream: String) -> Bool {
        let numbers = stream.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
        var status = stat()
        guard numbers.count == 2, fstat(descriptor, &status) == 0 else { return false }
        return numbers[0] == UInt64(status.st_dev) && numbers[1] == UInt64(status.st_ino)
    }
}
