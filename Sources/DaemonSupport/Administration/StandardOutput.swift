// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Standard output for several threads, even while another thread waits for standard input.
///
/// `print` with fflush(3) cannot be used here: fflush takes the locks of all streams, and a thread that waits for a
/// line holds the lock of standard input (flockfile(3)).
public enum StandardOutput {
    private static let turn = Mutex(())

    /// Writes a whole line at once. Lines of other threads do not mix with it.
    public static func writeLine(_ line: String) {
        turn.withLock { _ in writeAll(line + "\n", to: STDOUT_FILENO) }
    }
}
