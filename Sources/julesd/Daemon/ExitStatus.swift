// SPDX-License-Identifier: Apache-2.0

/// The daemon's exit statuses. The numbers are those of sysexits(3).
enum ExitStatus: Int32, Sendable, CaseIterable {
    case stopped = 0
    /// A check found something wrong.
    case failure = 1
    case usage = 64
    /// Upstream was not reachable in time.
    case unavailable = 69
    /// A bug in julesd.
    case software = 70
    /// A socket cannot be opened.
    case socket = 71
    case storage = 74
    /// Upstream refused the key.
    case keyRefused = 77
    case settings = 78
}

extension StoreError {
    /// The exit status of a program that cannot continue without the store.
    var exitStatus: ExitStatus {
        switch self {
        case .fault: .software
        case .setting: .settings
        default: .storage
        }
    }
}
