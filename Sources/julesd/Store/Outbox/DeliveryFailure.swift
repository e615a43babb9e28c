// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// An attempt that was not taken, and what becomes of its delivery.
struct DeliveryFailure: Sendable, Equatable {
    /// What it counts as.
    enum Kind: Sendable {
        case failed
        /// The endpoint will not take it.
        case refused
        /// The endpoint takes nothing for now: this is not the delivery's fault, and counts against nothing.
        case throttled
    }

    enum Next: Sendable, Equatable {
        case again(Timestamp)
        case dead(Delivery.End)
    }

    let kind: Kind
    /// The answer's; `nil` where there was none.
    let status: Int?
    let reason: String
    let next: Next
}
