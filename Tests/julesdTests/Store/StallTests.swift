// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@testable import julesd

@Suite("Stalled and lost sessions", .timeLimit(.minutes(2)))
struct StallTests {
    private let start = Timestamp(milliseconds: 1_795_200_000_000)

    private let clock: ManualClock

    init() { clock = ManualClock(start) }

    /// Moves the clocks to this time, and returns the time of day.
    private func minutes(_ minutes: Int) -> Timestamp { clock.move(to: .seconds(60 * minutes)) }

    private func silent(_ store: SessionStore, after minutes: Int) async throws -> [String] {
        clock.move(to: .seconds(60 * minutes))
        return try await store.silentSessions()
    }

    private func deltas(_ store: SessionStore) async throws -> [SessionDelta] {
        try await store.changes(after: store.origin).deltas
    }

    @Test(
        "An end that nobody wanted is finished and has a reason",
        arguments: [
            ("AWAITING_PLAN_APPROVAL", "COMPLETED", "", .expired),
            ("AWAITING_PLAN_APPROVAL", "COMPLETED", #","outputs":[]"#, .expired),
            ("AWAITING_PLAN_APPROVAL", "COMPLETED", #","outputs":[{"changeSet":{}}]"#, nil),
            ("AWAITING_PLAN_APPROVAL", "FAILED", "", .failed), ("IN_PROGRESS", "COMPLETED", "", nil),
            ("IN_PROGRESS", "FAILED", "", .failed), ("AWAITING_USER_FEEDBACK", "COMPLETED", "", .asked),
            ("AWAITING_USER_FEEDBACK", "COMPLETED", #","outputs":[{"changeSet":{}}]"#, .asked),
            ("IN_PROGRESS", "FAILED", #","archived":true"#, nil),
        ] as [(String, String, String, AttentionReason?)])
    func ends(from: String, to: String, outputs: String, attention: AttentionReason?) async throws {
        let store = try await TestStore.open(now: start, clocks: clock.read)
        _ = try await store.record([session("1", state: from)], as: .baseline, at: start)
        _ = try await store.record([session("1", state: to, more: outputs)], as: .live, at: start)
        let told = try await deltas(store)
        #expect(told.map(\.change) == [.updated])
        #expect(told.map(\.finished) == [true])
        #expect(told.map(\.attention) == [attention])
        let json = try JSON(parsing: try #require(told.first).json)
        #expect(json["attention"]?.string == attention?.rawValue && json["finished"] == true)
        #expect(try await store.inbox().items.map(\.entry.reason) == (attention.map { [$0] } ?? []))
    }

    @Test("Fifteen minutes without the agent make one delta, and the session in it did not change")
    func once() async throws {
        let store = try await TestStore.open(now: start, clocks: clock.read)
        let working = session("1")
        _ = try await store.record([working, session("2", state: "QUEUED")], as: .baseline, at: start)
        #expect(try await silent(store, after: 14) == [])
        #expect(try await !store.recordStall(of: "1", at: minutes(14)))
        #expect(try await silent(store, after: 15) == ["1"])
        #expect(try await store.recordStall(of: "1", at: minutes(15)))
        #expect(try await !store.recordStall(of: "1", at: minutes(90)))
        #expect(try await !store.recordStall(of: "2", at: minutes(90)))
        _ = try await store.record([session("1", title: "Renamed")], as: .live, at: minutes(91))
        #expect(try await silent(store, after: 200) == [])
        let told = try #require(try await deltas(store).first)
        #expect(
            told == SessionDelta(seq: told.seq, before: working, after: working, attention: .stalled, at: minutes(15)))
        #expect(told.attention == .stalled && !told.finished)
    }

    @Test(
        "Only an activity of the agent ends a silence, at the time when the daemon reads it",
        arguments: [
            (#""progressUpdated":{}"#, true), (#""agentMessaged":{}"#, true),
            (#""originator":"AGENT","news":{}"#, true),
            (#""userMessaged":{}"#, false), (#""originator":"user","planApproved":{}"#, false),
            (#""originator":"system","note":{}"#, false),
        ])
    func heard(member: String, isAgents: Bool) async throws {
        let store = try await TestStore.open(now: start, clocks: clock.read)
        _ = try await store.record([session("1")], as: .live, at: start)
        // Its timestamp is old, but the time of the reading counts.
        try await store.record([activity("a", created: 0, member: member)], of: "1", at: minutes(10))
        #expect(try await silent(store, after: 16) == (isAgents ? [] : ["1"]))
        #expect(try await silent(store, after: 25) == ["1"])
        #expect(try await store.recordStall(of: "1", at: minutes(26)))
        try await store.record([activity("b", created: 0, member: member)], of: "1", at: minutes(30))
        #expect(try await silent(store, after: 45) == (isAgents ? ["1"] : []))
    }

    @Test("A session that resumes work starts a new silence, and one that went on has none")
    func again() async throws {
        let store = try await TestStore.open(now: start, clocks: clock.read)
        _ = try await store.record([session("1")], as: .live, at: start)
        _ = try await store.record([session("1", state: "AWAITING_USER_FEEDBACK")], as: .live, at: minutes(14))
        try await store.record([activity("a", created: 0)], of: "1", at: minutes(14))
        #expect(try await silent(store, after: 60) == [])
        _ = try await store.record([session("1")], as: .live, at: minutes(20))
        #expect(try await silent(store, after: 34) == [])
        #expect(try await silent(store, after: 35) == ["1"])
    }

    @Test("A restart neither forgets a silence nor reports it twice")
    func restart() async throws {
        let folder = try TemporaryFolder()
        let file = StoreLocation.file(path: folder.path + "/sessions.sqlite")
        var store = try await SessionStore(at: file, now: start, clocks: clock.read)
        _ = try await store.record([session("1"), session("2")], as: .baseline, at: start)
        #expect(try await store.recordStall(of: "1", at: minutes(15)))
        await store.close()
        store = try await SessionStore(at: file, now: minutes(16), clocks: clock.read)
        _ = try await store.record([session("1"), session("2")], as: .live, at: minutes(17))
        #expect(try await silent(store, after: 18) == ["2"])
        await store.close()
    }

    @Test(
        "Setting the clock makes no silence longer or shorter",
        arguments: [Duration.seconds(-600), .seconds(4 * 86_400), .seconds(365 * 86_400), .seconds(-4 * 86_400)])
    func clockIsSet(by jump: Duration) async throws {
        let folder = try TemporaryFolder()
        let file = StoreLocation.file(path: folder.path + "/sessions.sqlite")
        var store = try await SessionStore(at: file, now: start, clocks: clock.read)
        _ = try await store.record([session("1")], as: .baseline, at: start)
        clock.advance(by: .seconds(60))
        clock.set(by: jump)
        #expect(try await store.silentSessions() == [])
        await store.close()
        store = try await SessionStore(at: file, now: clock.read().wall, clocks: clock.read)
        #expect(try await store.silentSessions() == [])
        clock.advance(by: .seconds(14 * 60))
        #expect(try await store.silentSessions() == ["1"])
        #expect(try await store.recordStall(of: "1", at: clock.read().wall))
        let since = try #require(try await store.inbox().items.first?.entry.since)
        #expect(since == start.advanced(by: jump))
        await store.close()
    }
}
