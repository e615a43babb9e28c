// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("NOTIFY_EVENTS", .timeLimit(.minutes(2)))
struct RecipientTests {
    private func delta(_ before: String?, _ after: String?) -> SessionDelta {
        let (before, after) = (before.map { session("1", state: $0) }, after.map { session("1", state: $0) })
        return SessionDelta(
            seq: 1, before: before, after: after,
            attention: after.flatMap { AttentionReason(from: before, to: $0) }, at: Timestamp(milliseconds: 0))
    }

    @Test(
        "The events are a union: a delta is sent if any of them applies to it",
        arguments: [
            (nil, "QUEUED", [.created]),
            (nil, "AWAITING_PLAN_APPROVAL", [.created, .attention]),
            (nil, "FAILED", [.created, .finished, .attention]),
            ("QUEUED", "PLANNING", [.updated]),
            ("PLANNING", "AWAITING_USER_FEEDBACK", [.updated, .attention]),
            ("IN_PROGRESS", "COMPLETED", [.updated, .finished]),
            ("COMPLETED", nil, [.deleted]),
        ] as [(String?, String?, Set<NotifyEvent>)])
    func filter(before: String?, after: String?, events: Set<NotifyEvent>) {
        let delta = delta(before, after)
        for event in NotifyEvent.allCases {
            #expect(Recipient(endpoint: 1, events: [event]).wants(delta) == events.contains(event), "\(event)")
        }
        #expect(Recipient(endpoint: 1, events: Set(NotifyEvent.allCases)).wants(delta))
        let others = Set(NotifyEvent.allCases).subtracting(events)
        #expect(!Recipient(endpoint: 1, events: others).wants(delta))
        #expect(Recipient(endpoint: 1, events: others.union(events.prefix(1))).wants(delta))
    }
}
