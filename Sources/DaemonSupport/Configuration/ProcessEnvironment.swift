// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the process was started with.
public enum ProcessEnvironment {
    /// The environment's variables (environ(7)). Read it before anything could call setenv(3).
    public static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    /// Whether the process has root's rights.
    public static var isRoot: Bool { geteuid() == 0 }
}
