// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// The image of the process that a crash would leave on disk.
public enum CoreDump {
    /// Forbids core dumps, and tracing by other processes of the same user: both would show the secrets in memory
    /// (PR_SET_DUMPABLE in prctl(2)).
    public static func forbid() {
        _ = process_set_dumpable(0)
    }
}
