// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard input, output and error: the descriptors 0, 1 and 2.
public enum StandardDescriptors {
    /// Opens `/dev/null` for each one that is closed. Call this before anything else is opened.
    ///
    /// A program may be started without them. The next file or socket would then get such a number, and output for
    /// standard output would be written into it.
    public static func openClosed() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // open(2) takes the lowest free number, and all lower numbers are open at this point.
            _ = open("/dev/null", O_RDWR)
        }
    }
}
