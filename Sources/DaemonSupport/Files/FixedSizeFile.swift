// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A small file whose contents are replaced in place. All contents must have the same length.
///
/// The contents survive the end of the process, but a power failure may bring back older ones.
public final class FixedSizeFile: Sendable {
    private let descriptor: Int32

    /// Opens a file that exists.
    ///
    /// - Throws: `SystemError` if the file cannot be opened for writing.
    public init(_ path: String) throws(SystemError) {
        descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
    }

    deinit { close(descriptor) }

    /// Replaces the contents. An error is ignored.
    public func overwrite(with bytes: [UInt8]) { _ = pwrite(descriptor, bytes, bytes.count, 0) }
}
