// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment, the user, the number and the host of the process.
public enum ProcessEnvironment {
    /// The environment variables (environ(7)). Read them before anything can call setenv(3).
    public static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    /// Whether the process runs as root.
    public static var isRoot: Bool { geteuid() == 0 }

    /// The number of the process (getpid(2)); in a container often 1.
    public static var processID: Int32 { getpid() }

    /// The name of the host (gethostname(2)), with U+FFFD for what is no UTF-8.
    public static var hostName: String {
        // The limit of Linux, HOST_NAME_MAX, is 64 bytes without the NUL.
        var name = [CChar](repeating: 0, count: 65)
        guard gethostname(&name, name.count) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
