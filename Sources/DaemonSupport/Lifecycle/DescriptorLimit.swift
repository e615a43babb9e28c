// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The limit for open file descriptors of the process.
public enum DescriptorLimit {
    /// Raises the soft limit to the hard limit.
    ///
    /// The usual soft limit of 1024 is there for programs that use select(2), which cannot handle higher descriptors.
    /// This program does not use it.
    ///
    /// - Returns: the limit that is in effect then.
    public static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        var raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        if setrlimit(resource, &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }
}
