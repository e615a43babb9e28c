// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Repeated attention", .timeLimit(.minutes(2)))
struct AttentionTests {
    private let now = Timestamp(milliseconds: 1_795_200_000_000)

    private func waiting(_ state: String, updated seconds: Int, title: String = "t") -> Session {
        let time = Timestamp(nanoseconds: 1_795_166_042_000_000_000 + Int64(seconds) * 1_000_000_000)
        return session("1", state: state, title: title, more: #","updateTime":"\#(time.rfc3339Exact)""#)
    }

    private func plan(_ id: String, _ seconds: Int) -> Activity {
        activity(id, created: seconds * 1_000_000, member: #""planGenerated":{"plan":{"id":"p\#(id)"}}"#)
    }

    private func message(_ id: String, _ seconds: Int) -> Activity {
        activity(id, created: seconds * 1_000_000, member: #""agentMessaged":{"agentMessage":"Which?"}"#)
    }

    @Test("A newer plan of a waiting session makes a delta, but not the plan that made it wait")
    func plans() async throws {
        let store = try await TestStore.open(now: now)
        let atGate = waiting("AWAITING_PLAN_APPROVAL", updated: 10)
        _ = try await store.record([atGate], as: .baseline, at: now)
        try await store.record([plan("a", 9), plan("b", 10), message("m", 11)], of: "1", at: now)
        #expect(store.head.seq == store.origin)
        try await store.record([plan("c", 12)], of: "1", at: now)
        try await store.record([plan("c", 12)], of: "1", at: now)
        let deltas = try await store.changes(after: store.origin).deltas
        let delta = try #require(deltas.first)
        #expect(deltas.count == 1)
        #expect(delta.attention == .plan && !delta.finished && delta.change == .updated)
        #expect(delta == SessionDelta(seq: delta.seq, before: atGate, after: atGate, attention: .plan, at: now))
    }

    @Test(
        "The first plan belongs to the wait even if its time is a little later, and the next one is newer"
    )
    func laterPlan() async throws {
        let store = try await TestStore.open(now: now)
        _ = try await store.record([waiting("AWAITING_PLAN_APPROVAL", updated: 10)], as: .live, at: now)
        try await store.record([plan("a", 12)], of: "1", at: now)
        #expect(store.head.seq == store.origin + 1)
        try await store.record([plan("b", 13)], of: "1", at: now)
        try await store.record([plan("b", 13)], of: "1", at: now)
        #expect(store.head.seq == store.origin + 2)
    }

    @Test("A newer question makes a delta, even if the list never showed the work in between")
    func questions() async throws {
        let store = try await TestStore.open(now: now)
        _ = try await store.record([waiting("IN_PROGRESS", updated: 1)], as: .live, at: now)
        try await store.record([message("a", 9)], of: "1", at: now)
        _ = try await store.record([waiting("AWAITING_USER_FEEDBACK", updated: 10)], as: .live, at: now)
        _ = try await store.record([waiting("AWAITING_USER_FEEDBACK", updated: 50)], as: .live, at: now)
        try await store.record([message("b", 40), plan("p", 41)], of: "1", at: now)
        let deltas = try await store.changes(after: store.origin).deltas
        #expect(deltas.map(\.change) == [.created, .updated, .updated])
        #expect(deltas.map(\.attention) == [nil, .question, .question])
    }

    @Test("A session that went on or was deleted makes no further delta")
    func elsewhere() async throws {
        let store = try await TestStore.open(now: now)
        _ = try await store.record([waiting("AWAITING_PLAN_APPROVAL", updated: 10)], as: .baseline, at: now)
        _ = try await store.record([waiting("IN_PROGRESS", updated: 20)], as: .live, at: now)
        let head = store.head
        try await store.record([plan("a", 30)], of: "1", at: now)
        try await store.record([plan("a", 30)], of: "2", at: now)
        #expect(store.head == head)
        _ = try await store.record([waiting("AWAITING_PLAN_APPROVAL", updated: 40)], as: .live, at: now)
        try await store.record([plan("b", 39)], of: "1", at: now)
        #expect(store.head.seq == head.seq + 1)
    }
}
