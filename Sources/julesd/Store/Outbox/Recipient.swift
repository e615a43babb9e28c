// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A webhook that must get every delta of its events.
struct Recipient: Sendable, Equatable {
    /// The endpoint's number in the store.
    let endpoint: Int64
    let events: Set<NotifyEvent>

    /// Whether the delta has one of the recipient's events.
    func wants(_ delta: SessionDelta) -> Bool {
        let change: NotifyEvent =
            switch delta.change {
            case .created: .created
            case .updated: .updated
            case .deleted: .deleted
            }
        return events.contains(change) || (delta.attention != nil && events.contains(.attention))
            || (delta.finished && events.contains(.finished))
    }
}
