// SPDX-License-Identifier: Apache-2.0

/// What the daemon's exit tells its service manager; the numbers are those of sysexits(3).
enum ExitStatus: Int32, Sendable, CaseIterable {
    case stopped = 0
    /// A check had a negative answer.
    case failure = 1
    case usage = 64
    /// Upstream was not reachable in time.
    case unavailable = 69
    /// A fault of ours.
    case software = 70
    /// A socket cannot be had.
    case socket = 71
    case storage = 74
    /// Upstream refused the key.
    case keyRefused = 77
    case settings = 78
}

extension StoreError {
    /// What a program that cannot go on without the store exits with.
    var exitStatus: ExitStatus { if case .fault = self { .software } else { .storage } }
}
