// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard error as a target of `print`; unbuffered.
public struct StandardError: TextOutputStream {
    /// A stream to standard error of this process.
    public init() {}

    /// Writes all of `text`. Stops without an error if a write fails.
    public mutating func write(_ text: String) { writeAll(text, to: STDERR_FILENO) }
}

/// Writes all of `text` to `descriptor` (write(2)). Stops without an error if a write fails.
func writeAll(_ text: String, to descriptor: CInt) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EINTR { return }
        rest = rest.dropFirst(max(0, count))
    }
}
