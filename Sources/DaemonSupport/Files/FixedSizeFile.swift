// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A small file whose contents are replaced in place, again and again, with as many bytes each time.
///
/// What is written survives the end of the process; a power cut may take it back to an earlier state.
public final class FixedSizeFile: Sendable {
    private let descriptor: Int32

    /// Opens a file that exists.
    public init(_ path: String) throws(SystemError) {
        descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
    }

    deinit { close(descriptor) }

    /// Writes `bytes` over what is there.
    public func overwrite(with bytes: [UInt8]) { _ = pwrite(descriptor, bytes, bytes.count, 0) }
}
