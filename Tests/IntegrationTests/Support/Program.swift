// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The programs that are built together with these tests.
enum Program {
    /// The path of the daemon, in the folder of the test program.
    static let julesd: String = {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        let own = String(decoding: bytes.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        let path = own.prefix(through: own.lastIndex(of: "/") ?? own.startIndex) + "julesd"
        precondition(access(String(path), X_OK) == 0, "there is no \(path)")
        return String(path)
    }()
}
