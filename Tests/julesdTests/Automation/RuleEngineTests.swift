// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOHTTP1
import TestSupport
import Testing
import Wording

@testable import jules_simulator
@testable import julesd

private let approve = "[Match]\nOn=plan\nExisting=yes\n[Action]\nApprove=yes\n"

@Suite("Rule engine", .timeLimit(.minutes(2)))
struct RuleEngineTests {
    @Test("A plan that matches is approved once, bound to that plan")
    func approves() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let plan = simulator.plan(of: id)
            let bench = try await RuleBench(simulator, ["40-docs": approve])
            let decisions = try await bench.working(until: ended)
            #expect(decisions.map(\.state) == [.done] && decisions.map(\.planID) == [plan], "\(decisions)")
            #expect(simulator.approvals(of: id) == 1)
            let changes = try await bench.bench.store.changes(after: bench.bench.store.origin).deltas
            let told = try changes.map { DeltaWording(delta: try JSON(parsing: $0.json)).sentence }
            #expect(told == ["Approved by rule 40-docs."])
            let answer = await bench.bench.send(.GET, "/api/decisions?rule=40-docs")
            let listed = answer.json["decisions"]?.array?.first
            #expect(listed?["state"]?.string == "done" && listed?["action"]?.string == "approve", "\(answer.json)")
            #expect(listed?["file"]?.string == "40-docs.rule" && listed?["sessionId"]?.string == id)
        }
    }

    @Test("An event before the rule existed is ignored unless Existing=yes is set")
    func existing() async throws {
        try await withSimulator { simulator in
            let old = simulator.addSession(waiting: true)
            try await Task.sleep(for: .milliseconds(5))
            let rule = approve.replacing("Existing=yes\n", with: "")
            let bench = try await RuleBench(simulator, ["r": rule])
            let decisions = try await bench.working { decisions in
                if simulator.count == 1 { _ = simulator.addSession(waiting: true) }
                return ended(decisions)
            }
            #expect(decisions.count == 1 && decisions.first?.sessionID != old)
            #expect(simulator.approvals(of: old) == 0)
        }
    }

    @Test("A person who acts before After= is over goes first")
    func personFirst() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let bench = try await RuleBench(simulator, ["r": approve + "After=5min\n"])
            _ = try await bench.working { $0.contains { $0.state == .waiting } }
            // Nobody polls in between, so only the check before the action can notice.
            let path = "/api/sessions/\(id)/approve"
            let direct = try await DaemonFixture(simulator.baseURL)
            try await direct.readList()
            #expect(await direct.send(.POST, path).status == 200)
            bench.pass(.seconds(301))
            let decisions = try await bench.working(until: ended)
            #expect(decisions.map(\.state) == [.dropped])
            #expect(simulator.approvals(of: id) == 1)
        }
    }

    @Test("An approval never applies to a plan that replaced the one that matched")
    func replaced() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let bench = try await RuleBench(simulator, ["r": approve + "After=5min\n"])
            let first = try await bench.working { $0.contains { $0.state == .waiting } }
            simulator.replan(id)
            bench.pass(.seconds(301))
            let decisions = try await bench.working { $0.count == 2 && $0.contains { $0.state == .dropped } }
            #expect(decisions.last?.id == first.first?.id && decisions.last?.state == .dropped, "\(decisions)")
            #expect(decisions.first?.planID == simulator.plan(of: id) && decisions.first?.state == .waiting)
            #expect(simulator.approvals(of: id) == 0)
        }
    }

    @Test("A dry run records what it would do, and does nothing")
    func dryRun() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let bench = try await RuleBench(simulator, ["r": approve + "DryRun=yes\n"])
            #expect(try await bench.working(until: ended).map(\.state) == [.dry])
            #expect(simulator.approvals(of: id) == 0)
        }
    }

    @Test("Removing a rule drops its waiting decisions, and a rule that stays keeps them")
    func takenOut() async throws {
        try await withSimulator { simulator in
            _ = simulator.addSession(waiting: true)
            let rule = approve + "After=1h\n"
            let bench = try await RuleBench(simulator, ["a": rule, "b": rule])
            _ = try await bench.working { $0.count == 1 }
            try await bench.enforce(["a": rule])
            #expect(try await bench.bench.store.decisions(DecisionQuery()).decisions.map(\.state) == [.waiting])
            try await bench.enforce(["b": rule])
            let dropped = try await bench.bench.store.decisions(DecisionQuery()).decisions
            #expect(dropped.map(\.state) == [.dropped] && dropped.first?.detail == "the rule was taken out")
        }
    }

    @Test("A waiting decision can be cancelled once")
    func cancel() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let bench = try await RuleBench(simulator, ["r": approve + "After=1h\n"])
            let decision = try #require(try await bench.working { $0.count == 1 }.first)
            let path = "/api/decisions/\(decision.id)/cancel"
            #expect(await bench.bench.send(.POST, path).status == 204)
            let again = await bench.bench.send(.POST, path)
            #expect(again.status == 409 && again.error == "conflict")
            #expect(await bench.bench.send(.POST, "/api/decisions/none/cancel").status == 404)
            bench.pass(.seconds(3601))
            #expect(try await bench.working(until: ended).map(\.state) == [.dropped])
            #expect(simulator.approvals(of: id) == 0)
        }
    }

    @Test("If the retry of a session fails too, it is not retried")
    func retries() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession()
            let bench = try await RuleBench(simulator, ["r": "[Match]\nOn=failed\n[Action]\nRetry=yes\n"])
            _ = try await bench.bench.polling {
                while try await bench.bench.store.session(id) == nil { try await Task.sleep(for: .milliseconds(5)) }
            }
            simulator.fail(id)
            let first = try await bench.working(until: ended)
            #expect(first.map(\.state) == [.done] && simulator.count == 2, "\(first)")
            let retry = try #require(simulator.withAccount { $0.sessions.keys.first { $0 != id } })
            simulator.fail(retry)
            let all = try await bench.working { $0.count == 2 && ended($0) }
            #expect(all.map(\.state) == [.dropped, .done] && all.map(\.sessionID) == [retry, id], "\(all)")
            #expect(all.first?.detail == "MaxPerSession=1 is reached" && simulator.count == 2)
            let sessions = try await bench.bench.store.sessions(createdAfter: Timestamp(nanoseconds: 0))
            #expect(sessions.map(\.prompt) == ["Retry uploads.", "Retry uploads."])
        }
    }

    @Test("Guards hold over a restart")
    func guardsHold() async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let store = StoreLocation.file(path: "\(folder.path)/s.sqlite")
            let rule = approve + "MaxPerHour=1\n"
            let clock = ManualClock(.now)
            _ = simulator.addSession(waiting: true)
            let first = try await RuleBench(simulator, ["r": rule], store: store, clock: clock)
            #expect(try await first.working(until: ended).map(\.state) == [.done])
            await first.bench.store.close()
            let second = simulator.addSession(waiting: true)
            clock.advance(by: .seconds(600))
            let again = try await RuleBench(simulator, ["r": rule], store: store, clock: clock)
            let decisions = try await again.working { $0.count == 2 && ended($0) }
            #expect(decisions.first?.state == .dropped && decisions.first?.detail == "MaxPerHour=1 is reached")
            #expect(simulator.approvals(of: second) == 0)
            await again.bench.store.close()
        }
    }

    @Test("A decision interrupted by a kill is settled by the state of the session")
    func killed() async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let store = StoreLocation.file(path: "\(folder.path)/s.sqlite")
            let id = simulator.addSession()
            let rule = "[Match]\nOn=failed\nExisting=yes\n[Action]\nReply=Try again, %t\n"
            let clock = ManualClock(.now)
            let first = try await RuleBench(simulator, ["r": rule], store: store, clock: clock)
            _ = try await first.bench.polling {
                while try await first.bench.store.session(id) == nil { try await Task.sleep(for: .milliseconds(5)) }
            }
            simulator.fail(id)
            _ = try await first.working(until: ended)
            #expect(simulator.messages(of: id).count == 1)
            // The state of the store after a kill between the action and its record.
            try await first.bench.store.write { connection in
                try connection.run("UPDATE decision SET state = 'waiting'")
                try connection.run("UPDATE keyed_request SET outcome = NULL, answer = NULL")
            }
            await first.bench.store.close()
            let again = try await RuleBench(simulator, ["r": rule], store: store, clock: clock)
            let decisions = try await again.working(until: ended)
            #expect(decisions.map(\.state) == [.done], "\(decisions)")
            #expect(simulator.messages(of: id).count == 1)
            await again.bench.store.close()
        }
    }

    @Test("Archive=yes, Acknowledge=yes and Leave=yes have their effects, and the first rule decides")
    func others() async throws {
        try await withSimulator { simulator in
            let ids = ["archive", "acknowledge", "leave"].map { title in
                simulator.withAccount { account in
                    account.create(SessionDraft(prompt: "Do it", title: title)).id
                }
            }
            let rules = ["leave", "archive", "acknowledge"].enumerated().map { number, action in
                let key = action.prefix(1).uppercased() + action.dropFirst()
                return ("\(number)", "[Match]\nOn=failed\nTitle=\(action)\n[Action]\n\(key)=yes\n")
            }
            let bench = try await RuleBench(
                simulator,
                Dictionary(uniqueKeysWithValues: rules + [("9", "[Match]\nOn=failed\n[Action]\nRetry=yes\n")]))
            try await bench.bench.polling {
                while try await bench.bench.store.countsByState().values.reduce(0, +) < 3 {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            for id in ids { simulator.fail(id) }
            let decisions = try await bench.working { $0.count == 3 && ended($0) }
            #expect(decisions.allSatisfy { $0.state == .done }, "\(decisions)")
            #expect(simulator.withAccount { $0.sessions[ids[0]]?.archived } == true)
            #expect(try await bench.bench.store.inbox().items.map(\.sessionID) == [ids[2]])
            #expect(simulator.count == 3)
        }
    }
}
