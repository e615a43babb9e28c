// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Somebody outside who is sent deltas one by one, and has to be sent each of them: one webhook.
struct Recipient: Sendable, Equatable {
    /// The endpoint's number in the store.
    let endpoint: Int64
    let events: Set<NotifyEvent>

    /// Whether any of its events is what the delta tells of.
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
