// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One delta for one webhook endpoint, and the result so far.
struct Delivery: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable {
        /// It will be tried, or tried again.
        case pending
        /// The endpoint has accepted it.
        case delivered
        /// It is not tried any more, unless a person asks for it.
        case dead
    }

    /// Why a delivery is dead.
    enum End: String, Sendable, CaseIterable {
        /// Its endpoint was removed from the settings. It becomes pending again if the endpoint returns in time.
        case removed
        /// Its endpoint answered 410.
        case gone
        /// The endpoint refused it, and would refuse it again.
        case refused
        /// Its lifetime is over.
        case expired
    }

    /// How long a delivery is tried.
    static let lifetime = Duration.seconds(3 * 86_400)

    /// The `webhook-id`, the same on every attempt.
    let id: String
    let seq: Int64
    let sessionID: String
    /// The endpoint's public name: scheme, host and a short hash.
    let endpoint: String
    let state: State
    let attempts: Int
    /// The status of the last answer; `nil` if the last attempt got none.
    let lastStatus: Int?
    let lastError: String?
    /// `nil` if it is not pending, or if an earlier delta of the same session goes first.
    let nextAttempt: Timestamp?
    let created: Timestamp
    let delivered: Timestamp?
}

/// A delivery that is due, with its body.
struct DueDelivery: Sendable, Equatable {
    let number: Int64
    let id: String
    let sessionID: String
    /// How many attempts since `began` failed, not counting refusals.
    let failures: Int
    /// How many times the endpoint has refused it permanently since `began`.
    let refusals: Int
    /// When it was created, or retried by hand.
    let began: Timestamp
    /// The delta's JSON.
    let body: [UInt8]
}
