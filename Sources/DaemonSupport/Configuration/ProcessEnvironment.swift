// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment and the user of the process.
public enum ProcessEnvironment {
    /// The environment variables (environ(7)). Read them before anything can call setenv(3).
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

    /// Whether the process runs as root.
    public static var isRoot: Bool { geteuid() == 0 }
}
