// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The error of a system call that failed.
public struct CallError: Error, CustomStringConvertible {
    /// The name of the call and the text of its error number.
    public let description: String

    /// The error of `call` with this error number; by default the one in `errno`.
    public init(_ call: String, _ code: Int32? = nil) {
        description = "\(call): \(String(cString: strerror(code ?? errno)))"
    }
}
