// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Where the log lives.
enum StoreLocation: Sendable, Equatable {
    /// A file that outlives the daemon.
    case file(path: String)
    /// Nothing but memory, within `Limits`.
    case memory

    /// How much of the log is kept at most.
    struct Limits: Sendable {
        let deltas: Int64
        let bytes: Int64
    }

    /// The limits of a log in memory; a file is limited by age alone.
    var limits: Limits? { self == .memory ? Limits(deltas: 10_000, bytes: 64_000_000) : nil }
}
