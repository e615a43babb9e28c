// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Where the store is.
enum StoreLocation: Sendable, Equatable {
    /// A file that survives the daemon.
    case file(path: String)
    /// Memory only, with limits on the log.
    case memory(Limits = Limits())

    /// The largest size of the log.
    struct Limits: Sendable, Equatable {
        var deltas: Int64 = 10_000
        var bytes: Int64 = 64_000_000
        /// For all activities together.
        var activityBytes: Int64 = 64_000_000
    }

    /// The limits of a log in memory; `nil` for a file, which only age limits.
    var limits: Limits? { if case .memory(let limits) = self { limits } else { nil } }
}
