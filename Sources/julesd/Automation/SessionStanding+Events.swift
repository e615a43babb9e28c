// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SessionStanding {
    /// The events of the session that still hold, if enough is known to decide about them.
    var events: [RuleEvent] {
        guard !session.archived else { return [] }
        var events = [RuleEvent(.created, of: session, at: session.createTime)]
        if let entry {
            if let event = event(of: entry) { events.append(event) }
        } else if session.state == .completed, isSettled {
            let time = completed ?? session.updateTime ?? session.createTime
            events.append(RuleEvent(.completed, of: session, at: time))
        }
        return events
    }

    /// The event with this key, if it still holds.
    func event(_ key: String) -> RuleEvent? { events.first { $0.key == key } }

    /// The kind of event whose activities must be read before rules can decide; `nil` if there is none.
    var unread: RuleEvent.Kind? {
        guard !session.archived else { return nil }
        if let entry { return event(of: entry) == nil ? RuleEvent.Kind(entry.reason) : nil }
        return session.state == .completed && !isSettled ? .completed : nil
    }

    private func event(of entry: InboxEntry) -> RuleEvent? {
        let kind = RuleEvent.Kind(entry.reason)
        switch entry.reason {
        case .plan, .question:
            // If the first read finds only activities that were stored already, everything that the session waits for has
            // been read too.
            guard isRead || isSettled, let cause else { return nil }
            let event = RuleEvent(kind, of: session, at: cause.createTime).about(cause.body)
            return entry.reason == .plan && event.planID == nil ? nil : event
        case .stalled:
            // A silence is a stall only after it has lasted this long.
            return RuleEvent(kind, of: session, at: entry.since.advanced(by: AgentSilence.limit))
        case .expired, .failed, .asked:
            let event = RuleEvent(kind, of: session, at: entry.since)
            return cause.map { event.about($0.body) } ?? event
        }
    }
}
