// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A failed attempt, and what follows for its delivery.
struct DeliveryFailure: Sendable, Equatable {
    /// How the attempt counts.
    enum Kind: Sendable {
        case failed
        /// The endpoint refuses this delivery.
        case refused
        /// The endpoint accepts nothing at present. The delivery is not the cause, so it does not count against it.
        case throttled
    }

    enum Next: Sendable, Equatable {
        case again(Timestamp)
        case dead(Delivery.End)
    }

    let kind: Kind
    /// The status of the answer; `nil` if there was none.
    let status: Int?
    let reason: String
    let next: Next
}
