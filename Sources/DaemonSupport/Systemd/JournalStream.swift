// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tells whether a descriptor leads to the journal.
public enum JournalStream {
    /// True when standard error is the journal's stream that `JOURNAL_STREAM` names (systemd.exec(5)).
    public static var isStandardError: Bool {
        guard let variable = getenv("JOURNAL_STREAM") else { return false }
        return isJournal(STDERR_FILENO, stream: String(cString: variable))
    }

    /// True when `descriptor` is the very file that `stream`, a `device:inode`, names.
    ///
    /// The variable alone proves nothing: it is inherited by processes whose output was sent elsewhere.
    static func isJournal(_ descriptor: Int32, stream: String) -> Bool {
        let numbers = stream.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
        var status = stat()
        guard numbers.count == 2, fstat(descriptor, &status) == 0 else { return false }
        return numbers[0] == UInt64(status.st_dev) && numbers[1] == UInt64(status.st_ino)
    }
}
