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
}

/// Standard error as a target of `print`; unbuffered.
public struct StandardError: TextOutputStream {
    /// The stream of this process.
    public init() {}

    /// Writes all of `text`, or as much as the other end takes.
    public mutating func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
