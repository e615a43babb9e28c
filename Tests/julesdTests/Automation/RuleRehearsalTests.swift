// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Rules tried on stored history", .timeLimit(.minutes(1)))
struct RuleRehearsalTests {
    private let start = Timestamp(nanoseconds: 1_795_166_042_000_000_000)

    private func rules(_ texts: String...) throws -> RuleSet {
        var set = RuleSet()
        for (number, text) in texts.enumerated() {
            set.rules.append(try #require(try Rule(name: "r\(number)", file: "r\(number).rule", text: text)))
        }
        return set
    }

    private func plan(_ id: String, _ seconds: Int, steps: Int) -> Activity {
        let steps = (0..<steps).map { #"{"title":"Step \#($0)","index":\#($0)}"# }.joined(separator: ",")
        return activity(
            id, created: seconds * 1_000_000,
            member: #""planGenerated":{"plan":{"id":"p\#(id)","steps":[\#(steps)]}}"#)
    }

    private func at(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    private func outcomes(_ store: SessionStore, _ set: RuleSet) async throws -> [String] {
        let start = start
        return try await store.read { connection in
            try RuleRehearsal(set, on: connection, since: start).outcomes.map {
                "\($0.event.sessionID) \($0.event.kind) \($0.rule.action.name) \($0.result)"
            }
        }
    }

    @Test("A plan matches by its steps, and is dropped if the session went on before the rule's time")
    func plans() async throws {
        let store = try await SessionStore(at: .memory(), now: start)
        for (id, steps) in [("1", 2), ("2", 9), ("3", 2)] {
            try await store.record([session(id, state: "PLANNING")], as: .live, at: at(0))
            try await store.record([session(id, state: "AWAITING_PLAN_APPROVAL")], as: .live, at: at(10))
            try await store.record([plan(id, 9, steps: steps)], of: id, at: at(11))
        }
        try await store.record([session("3", state: "IN_PROGRESS")], as: .live, at: at(40))
        let set = try rules("[Match]\nOn=plan\nMaxSteps=8\n[Action]\nApprove=yes\nAfter=1min")
        #expect(try await outcomes(store, set) == ["1 plan approve done", "3 plan approve dropped"])
        let quick = try rules("[Match]\nOn=plan\nMaxSteps=8\n[Action]\nApprove=yes\nDryRun=yes")
        #expect(try await outcomes(store, quick) == ["1 plan approve dry", "3 plan approve dry"])
    }

    @Test("Guards apply as they would have applied")
    func guards() async throws {
        let store = try await SessionStore(at: .memory(), now: start)
        for id in 1...5 {
            try await store.record([session("\(id)")], as: .live, at: at(id))
            try await store.record([session("\(id)", state: "FAILED")], as: .live, at: at(100 * id))
        }
        let set = try rules("[Match]\nOn=failed\n[Action]\nRetry=yes\nMaxPerHour=2")
        let all = try await outcomes(store, set)
        #expect(all.filter { $0.hasSuffix("done") } == ["1 failed retry done", "2 failed retry done"])
        #expect(all.filter { $0.hasSuffix("dropped") }.count == 3)
    }

    @Test("A session that completed with only a plan is expired, and never completed")
    func expired() async throws {
        let store = try await SessionStore(at: .memory(), now: start)
        try await store.record([session("1")], as: .live, at: at(0))
        try await store.record([session("1", state: "COMPLETED")], as: .live, at: at(10))
        try await store.record([plan("a", 5, steps: 1)], of: "1", at: at(11))
        try await store.recordEnd(of: "1", at: at(12))
        try await store.record([session("2")], as: .live, at: at(20))
        try await store.record([session("2", state: "COMPLETED", more: #","outputs":[{}]"#)], as: .live, at: at(30))
        let set = try rules(
            "[Match]\nOn=completed\n[Action]\nArchive=yes", "[Match]\nOn=expired\n[Action]\nRetry=yes",
            "[Match]\nOn=created\n[Action]\nLeave=yes")
        #expect(
            try await outcomes(store, set).sorted() == [
                "1 created leave done", "1 expired retry done", "2 completed archive done", "2 created leave done",
            ])
    }
}
