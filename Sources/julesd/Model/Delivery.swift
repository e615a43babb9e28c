// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One delta on its way to one webhook endpoint, or what became of it.
struct Delivery: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable {
        /// It will be tried, or tried again.
        case pending
        /// The endpoint has taken it.
        case delivered
        /// Nobody tries any more, until a person asks for it.
        case dead
    }

    /// Why a delivery is dead.
    enum End: String, Sendable, CaseIterable {
        /// Its endpoint was taken out of the settings. It is pending again if the endpoint comes back in time.
        case removed
        /// Its endpoint answered 410.
        case gone
        /// The endpoint refused it as it is, whenever it was sent.
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
    /// The status of the last answer; `nil` where the last attempt got none.
    let lastStatus: Int?
    let lastError: String?
    /// `nil` unless pending, and while an earlier delta of the same session has to go first.
    let nextAttempt: Timestamp?
    let created: Timestamp
    let delivered: Timestamp?
}

/// A delivery whose turn has come, with what has to be sent.
struct DueDelivery: Sendable, Equatable {
    let number: Int64
    let id: String
    let sessionID: String
    /// How often it has failed since `began`, without its refusals.
    let failures: Int
    /// How often the endpoint has refused it for good since `began`.
    let refusals: Int
    /// When it was made, or retried by hand.
    let began: Timestamp
    /// The delta's JSON.
    let body: [UInt8]
}
