// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc

extension FileContents {
    /// Rewrites a golden file.
    static func replace(_ path: String, with text: String) throws(FileReadError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileReadError(reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw FileReadError(reason: String(cString: strerror(errno)))
        }
    }
}
