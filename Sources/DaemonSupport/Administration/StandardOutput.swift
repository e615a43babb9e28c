// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Standard output for several threads, while another one may wait for standard input.
///
/// `print` and fflush(3) would not do: to flush all streams, fflush takes the lock of standard input too, which whoever reads a line
/// holds until one has come (flockfile(3)).
public enum StandardOutput {
    private static let turn = Mutex(())

    /// Writes a line at once, which no other line breaks into.
    public static func writeLine(_ line: String) {
        turn.withLock { _ in writeAll(line + "\n", to: STDOUT_FILENO) }
    }
}
