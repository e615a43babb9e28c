// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How much of the processors the process asks for.
public enum ProcessPriority {
    /// Lets everybody else go first, for good.
    public static func lower() { _ = nice(19) }
}
