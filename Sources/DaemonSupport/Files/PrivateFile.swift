// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Files that their owner alone may read.
public enum PrivateFile {
    /// Puts a file with mode 0600 in the place of `path`, at once and durably: whoever looks sees the old or the new contents,
    /// whole.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let draft = "\(path).new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(draft)") }
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        let complete = written == bytes.count && fsync(descriptor) == 0
        let failure = SystemError("write \(draft)", code: written < 0 || written == bytes.count ? errno : ENOSPC)
        close(descriptor)
        guard complete else {
            unlink(draft)
            throw failure
        }
        try FileSystem.rename(draft, to: path)
    }

    /// Removes a file; content where there is none.
    public static func remove(_ path: String) throws(SystemError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("unlink \(path)") }
    }
}
