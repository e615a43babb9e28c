// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The error of a system call that failed.
public struct CallError: Error, CustomStringConvertible {
    /// The call, and what errno says of it.
    public let description: String

    /// The error of `call`, by `code` or else by what `errno` holds now.
    public init(_ call: String, _ code: Int32? = nil) {
        description = "\(call): \(String(cString: strerror(code ?? errno)))"
    }
}
