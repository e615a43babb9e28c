// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// Core dumps of this process.
public enum CoreDump {
    /// Forbids core dumps of this process, and tracing by other processes of the same user (PR_SET_DUMPABLE in
    /// prctl(2)). Both would show the secrets in memory.
    public static func forbid() {
        _ = process_set_dumpable(0)
    }
}
