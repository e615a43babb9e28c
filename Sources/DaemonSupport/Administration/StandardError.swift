// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard error as a target of `print`; unbuffered.
public struct StandardError: TextOutputStream {
    /// The stream of this process.
    public init() {}

    /// Writes all of `text`, or as much as the other end takes.
    public mutating func write(_ text: String) { writeAll(text, to: STDERR_FILENO) }
}

/// Writes all of `text`, or as much as the other end takes (write(2)).
func writeAll(_ text: String, to descriptor: CInt) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EINTR { return }
        rest = rest.dropFirst(max(0, count))
    }
}
