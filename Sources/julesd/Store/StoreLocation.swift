// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Where the log lives.
enum StoreLocation: Sendable, Equatable {
    /// A file that outlives the daemon.
    case file(path: String)
    /// Nothing but memory, and no more of the log than the limits allow.
    case memory(Limits = Limits())

    /// How much of the log is kept at most.
    struct Limits: Sendable, Equatable {
        var deltas: Int64 = 10_000
        var bytes: Int64 = 64_000_000
        /// Of all activities together.
        var activityBytes: Int64 = 64_000_000
    }

    /// The limits of a log in memory; a file is limited by age alone.
    var limits: Limits? { if case .memory(let limits) = self { limits } else { nil } }
}
