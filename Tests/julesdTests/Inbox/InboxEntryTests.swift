// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Inbox entries", .timeLimit(.minutes(2)))
struct InboxEntryTests {
    private let now = Timestamp(milliseconds: 1_795_200_000_000)

    @Test(
        "A change of state can give a reason, but never for an archived session",
        arguments: [
            (nil, "AWAITING_PLAN_APPROVAL", .plan), ("QUEUED", "AWAITING_PLAN_APPROVAL", .plan),
            ("AWAITING_PLAN_APPROVAL", "AWAITING_PLAN_APPROVAL", nil),
            ("AWAITING_PLAN_APPROVAL", "AWAITING_USER_FEEDBACK", .question),
            ("IN_PROGRESS", "AWAITING_USER_FEEDBACK", .question), (nil, "FAILED", .failed), ("FAILED", "FAILED", nil),
            ("IN_PROGRESS", "FAILED", .failed), ("COMPLETED", "FAILED", .failed),
            ("AWAITING_PLAN_APPROVAL", "COMPLETED", .expired), ("AWAITING_USER_FEEDBACK", "COMPLETED", .asked),
            ("IN_PROGRESS", "COMPLETED", nil), (nil, "COMPLETED", nil), ("COMPLETED", "IN_PROGRESS", nil),
        ] as [(String?, String, AttentionReason?)])
    func arises(from: String?, to: String, reason: AttentionReason?) {
        let before = from.map { session("1", state: $0) }
        #expect(AttentionReason(from: before, to: session("1", state: to)) == reason)
        let archived = session("1", state: to, more: #","archived":true"#)
        #expect(AttentionReason(from: before, to: archived) == nil)
        let ends = reason == .expired || reason == .asked
        #expect(
            AttentionReason(from: before, to: session("1", state: to), isAnswered: true) == (ends ? nil : reason))
    }

    @Test(
        "A session that is unarchived gets a reason only if it still waits",
        arguments: [
            ("AWAITING_PLAN_APPROVAL", .plan), ("AWAITING_USER_FEEDBACK", .question), ("FAILED", nil),
            ("COMPLETED", nil),
        ] as [(String, AttentionReason?)])
    func takenBack(state: String, reason: AttentionReason?) {
        let archived = session("1", state: state, more: #","archived":true"#)
        #expect(AttentionReason(from: archived, to: session("1", state: state)) == reason)
    }

    @Test(
        "An entry ends if its session goes on or is archived",
        arguments: [
            (.plan, "AWAITING_PLAN_APPROVAL", "IN_PROGRESS", true),
            (.plan, "AWAITING_PLAN_APPROVAL", "AWAITING_PLAN_APPROVAL", false),
            (.question, "AWAITING_USER_FEEDBACK", "PAUSED", true),
            (.stalled, "IN_PROGRESS", "IN_PROGRESS", false), (.stalled, "IN_PROGRESS", "PAUSED", false),
            (.stalled, "PAUSED", "IN_PROGRESS", true), (.stalled, "IN_PROGRESS", "COMPLETED", true),
            (.expired, "COMPLETED", "COMPLETED", false), (.expired, "COMPLETED", "IN_PROGRESS", true),
            (.failed, "FAILED", "PAUSED", false), (.failed, "FAILED", "IN_PROGRESS", true),
            (.asked, "COMPLETED", "QUEUED", true),
        ] as [(AttentionReason, String, String, Bool)])
    func ends(reason: AttentionReason, from: String, to: String, isOver: Bool) {
        let entry = InboxEntry(reason: reason, since: now)
        #expect(entry.isOver(from: session("1", state: from), to: session("1", state: to)) == isOver)
        let archived = session("1", state: to, more: #","archived":true"#)
        #expect(entry.isOver(from: session("1", state: from), to: archived))
    }

    @Test("New activities end a stall if they are the agent's, and a plan or question if they answer it")
    func learnt() {
        let agents = [activity("a", created: 0)]
        let persons = [activity("b", created: 0, member: #""userMessaged":{}"#)]
        let later = now.advanced(by: .seconds(1))
        func isOver(_ reason: AttentionReason, _ activities: [Activity], answered: Timestamp?) -> Bool {
            InboxEntry(reason: reason, since: now).isOver(afterReading: activities, answered: answered, caused: now)
        }
        #expect(isOver(.stalled, agents, answered: nil) && !isOver(.stalled, persons, answered: later))
        for reason in [AttentionReason.plan, .question, .expired, .asked] {
            #expect(isOver(reason, persons, answered: later))
            #expect(!isOver(reason, persons, answered: now) && !isOver(reason, agents, answered: nil))
        }
        #expect(!isOver(.failed, persons, answered: later))
    }
}
