// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard input, output and error: the descriptors 0, 1 and 2.
public enum StandardDescriptors {
    /// Opens `/dev/null` on each that is closed.
    ///
    /// A program may be started without them. The next file or socket opened would get the number, and what is meant for standard
    /// output would be written into it. Call this before anything is opened.
    public static func openClosed() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // open(2) takes the lowest free number, and all lower ones are open by now.
            _ = open("/dev/null", O_RDWR)
        }
    }
}
