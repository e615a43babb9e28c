// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The scheduling priority of the process (nice(2)).
public enum ProcessPriority {
    /// Sets the lowest priority for the rest of the process's life, so that all other processes run first.
    public static func lower() { _ = nice(19) }
}
