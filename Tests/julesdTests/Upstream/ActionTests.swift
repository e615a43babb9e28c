// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

extension Simulator {
    /// A session that the agent works on, or whose plan waits for approval.
    func addSession(waiting: Bool = false) -> String {
        withAccount { account in
            var draft = SessionDraft(prompt: "Retry uploads.")
            draft.requirePlanApproval = waiting
            let id = account.create(draft).id
            let now = account.now
            account.update(id) { session, behavior in
                if waiting { session.waitAtGate(at: now, behavior) } else { session.state = .inProgress }
                session.due = nil
            }
            return id
        }
    }

    /// The messages of people to a session.
    func messages(of id: String) -> [String] {
        withAccount { account in
            (account.sessions[id]?.activities ?? []).compactMap {
                if case .userMessaged(let text) = $0.kind { text } else { nil }
            }
        }
    }

    /// The number of approved plans of a session.
    func approvals(of id: String) -> Int {
        withAccount { account in
            (account.sessions[id]?.activities ?? []).count { if case .planApproved = $0.kind { true } else { false } }
        }
    }

    /// The newest plan of a session.
    func plan(of id: String) -> String? { withAccount { $0.sessions[id]?.latestPlan?.id } }
}

private let text = #"{"message":"Go on."}"#

/// An account with one session that loses answers to messages, or the messages themselves.
private final class MessageTaker: Sendable {
    private struct State {
        var messages: [(text: String, at: Timestamp)] = []
        var losses: [(answer: ScriptedServer.Answer, taken: Bool)] = []
        var server: ScriptedServer?
    }
    private let state = Mutex(State())

    /// The next message gets this answer, and is stored or not.
    func loseNext(_ answer: ScriptedServer.Answer, taken: Bool = false) {
        state.withLock { $0.losses.append((answer, taken)) }
    }

    var messages: [String] { state.withLock { $0.messages.map(\.text) } }

    func bench() async throws -> DaemonFixture {
        let server = try await ScriptedServer { [weak self] request in
            guard let self else { return .hangUp }
            switch (request.method, request.path) {
            case (.GET, "/sessions"): return .json(#"{"sessions":[{"id":"1","prompt":"p"}]}"#)
            case (.GET, "/sessions/1/activities"): return activities
            case (.POST, _): return take(request.body)
            default: return .json(#"{"id":"1","prompt":"p"}"#)
            }
        }
        state.withLock { $0.server = server }
        let bench = try await DaemonFixture(server.url)
        try await bench.readList()
        return bench
    }

    private func take(_ body: [UInt8]) -> ScriptedServer.Answer {
        state.withLock { state in
            let loss = state.losses.isEmpty ? nil : state.losses.removeFirst()
            if loss?.taken != false {
                state.messages.append(((try? JSON(parsing: body))?["prompt"]?.string ?? "", .now))
            }
            return loss?.answer ?? .json("{}")
        }
    }

    private var activities: ScriptedServer.Answer {
        let texts = state.withLock(\.messages).enumerated().map { number, message in
            let time = message.at.rfc3339Exact
            return #"{"id":"a\#(number)","createTime":"\#(time)","userMessaged":{"userMessage":"\#(message.text)"}}"#
        }
        return .json(#"{"activities":[\#(texts.joined(separator: ","))]}"#)
    }
}

@Suite("Approving and sending messages", .timeLimit(.minutes(1)))
struct ActionTests {
    private func bench(_ simulator: Simulator) async throws -> DaemonFixture {
        let bench = try await DaemonFixture(simulator.baseURL, timeout: .milliseconds(500))
        try await bench.readList()
        return bench
    }

    @Test(
        "A message whose answer is lost is found in the activities, and sent only once",
        arguments: [
            .reset, .truncate, .status(500, html: false, .none), .status(502, html: true, .none), .delay(.seconds(2)),
        ] as [Fault.Kind])
    func lostAnswer(kind: Fault.Kind) async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession()
            let bench = try await bench(simulator)
            simulator.add(Fault(kind: kind, operation: .sendMessage, count: 1, executed: true))
            #expect(await bench.send(.POST, "/api/sessions/\(id)/message", text).status == 200)
            #expect(simulator.messages(of: id) == ["Go on."])
        }
    }

    @Test(
        "A message that did not arrive may be sent again only if that cannot double it",
        arguments: [
            (.hangUp, nil, false), (.error(500, "INTERNAL"), nil, true), (.hangUp, "k-1", true),
            (.error(503, "UNAVAILABLE"), "k-1", true),
        ] as [(ScriptedServer.Answer, String?, Bool)])
    func lostMessage(answer: ScriptedServer.Answer, key: String?, retry: Bool) async throws {
        let account = MessageTaker()
        let bench = try await account.bench()
        let headers: HTTPHeaders = key.map { ["idempotency-key": $0] } ?? [:]
        account.loseNext(answer)
        let first = await bench.send(.POST, "/api/sessions/1/message", text, headers: headers)
        #expect(first.status == 502)
        #expect((first.json["retry"]?.bool == true) == retry)
        #expect(await bench.send(.POST, "/api/sessions/1/message", text, headers: headers).status == 200)
        #expect(account.messages == ["Go on."])
    }

    @Test("If the activities cannot be read, the answer does not say whether to try again")
    func blind() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession()
            let bench = try await bench(simulator)
            simulator.add(Fault(kind: .status(500, html: false, .none), operation: .sendMessage, count: 1))
            simulator.add(Fault(kind: .status(500, html: false, .none), operation: .listActivities))
            let answer = await bench.send(.POST, "/api/sessions/\(id)/message", text)
            #expect(answer.status == 502)
            #expect(answer.json["retry"] == nil)
        }
    }

    @Test("An older message with the same text does not hide one that did not arrive")
    func olderMessage() async throws {
        let account = MessageTaker()
        let bench = try await account.bench()
        #expect(await bench.send(.POST, "/api/sessions/1/message", text).status == 200)
        account.loseNext(.hangUp)
        #expect(await bench.send(.POST, "/api/sessions/1/message", text).status == 502)
        #expect(account.messages.count == 1)
    }

    @Test("Of two equal messages with lost answers, the one that did not arrive is reported")
    func twoMessages() async throws {
        let account = MessageTaker()
        let bench = try await account.bench()
        account.loseNext(.hangUp)
        account.loseNext(.hangUp, taken: true)
        let statuses = await withTaskGroup { group in
            for _ in 0..<2 {
                group.addTask { await bench.send(.POST, "/api/sessions/1/message", text).status }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.sorted() == [200, 502])
        #expect(account.messages.count == 1)
    }

    @Test("With an Idempotency-Key a message is sent once, however often it is requested, also after a restart")
    func keyedMessage() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession()
            let folder = try TemporaryFolder()
            let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
            let headers: HTTPHeaders = ["idempotency-key": "k-1"]
            let before = try await DaemonFixture(simulator.baseURL, store: store)
            try await before.readList()
            for _ in 1...2 {
                let answer = await before.send(.POST, "/api/sessions/\(id)/message", text, headers: headers)
                #expect(answer.status == 200)
                #expect(answer.json["ok"]?.bool == true)
            }
            await before.store.close()
            let after = try await DaemonFixture(simulator.baseURL, store: store)
            #expect(await after.send(.POST, "/api/sessions/\(id)/message", text, headers: headers).status == 200)
            #expect(simulator.messages(of: id) == ["Go on."])
            // With the same key, another text, session or action is a different request.
            let other = #"{"message":"Stop."}"#
            for (target, body) in [
                ("/api/sessions/\(id)/message", other), ("/api/sessions/7/message", text),
                ("/api/sessions/\(id)/approve", ""), ("/api/sessions", #"{"prompt":"p"}"#),
            ] {
                let answer = await after.send(.POST, target, body, headers: headers)
                #expect(answer.status == 422, "\(target)")
                #expect(answer.error == "idempotency_mismatch")
            }
            await after.store.close()
        }
    }

    @Test("An approval whose answer is lost is found in the activities")
    func lostApproval() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let bench = try await bench(simulator)
            simulator.add(Fault(kind: .reset, operation: .approvePlan, count: 1, executed: true))
            let answer = await bench.send(.POST, "/api/sessions/\(id)/approve")
            #expect(answer.status == 200)
            #expect(answer.json["state"]?.string == "IN_PROGRESS")
            #expect(simulator.approvals(of: id) == 1)
            #expect(simulator.count(.approvePlan) == 1)
        }
    }

    @Test("An approval with a key stays approved, whatever happens to the plan later")
    func keyedApproval() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let plan = try #require(simulator.plan(of: id))
            let bench = try await bench(simulator)
            let approve = {
                await bench.send(
                    .POST, "/api/sessions/\(id)/approve", #"{"planId":"\#(plan)"}"#,
                    headers: ["idempotency-key": "k-1"])
            }
            simulator.add(Fault(kind: .reset, operation: .approvePlan, count: 1, executed: true))
            // The plan is known, but its present state cannot be read.
            #expect(await bench.send(.GET, "/api/sessions/\(id)/activities").status == 200)
            simulator.add(Fault(kind: .status(503, html: false, .none), operation: .listActivities))
            #expect(await approve().status == 502)
            simulator.withAccount { account in
                account.faults = FaultPlan()
                let now = account.now
                account.update(id) { session, behavior in session.addPlan(at: now, behavior) }
            }
            #expect(await approve().status == 200)
            #expect(await approve().status == 200)
            #expect(simulator.approvals(of: id) == 1)
            #expect(simulator.count(.approvePlan) == 1)
        }
    }

    @Test("The approval of a plan that is not the newest is refused, and its key can be used again")
    func otherPlan() async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let plan = try #require(simulator.plan(of: id))
            let bench = try await bench(simulator)
            let headers: HTTPHeaders = ["idempotency-key": "k-1"]
            let target = "/api/sessions/\(id)/approve"
            let refused = await bench.send(.POST, target, #"{"planId":"other"}"#, headers: headers)
            #expect(refused.status == 409)
            #expect(refused.error == "conflict")
            #expect(await bench.send(.POST, target, #"{"planId":"\#(plan)"}"#, headers: headers).status == 200)
        }
    }

    @Test("Reads for people are retried", arguments: [1, 2])
    func readAgain(failures: Int) async throws {
        try await withSimulator { simulator in
            let id = simulator.addSession(waiting: true)
            let bench = try await bench(simulator)
            let fail = {
                simulator.add(
                    Fault(kind: .status(503, html: false, .none), operation: .getSession, count: failures))
            }
            fail()
            #expect(await bench.send(.GET, "/api/sessions/\(id)?refresh=1").status == 200)
            fail()
            simulator.add(Fault(kind: .status(503, html: false, .none), operation: .listActivities, count: failures))
            let approved = await bench.send(.POST, "/api/sessions/\(id)/approve")
            #expect(approved.json["state"]?.string == "IN_PROGRESS")
            #expect(try await bench.store.activities(of: id, after: nil, limit: 9)?.bodies.count == 2)
            fail()
            simulator.withAccount { $0.behavior.emptyReply = .nothing }
            #expect(await bench.send(.POST, "/api/sessions/\(id)/message", text).status == 200)
        }
    }

    @Test("After an empty answer an archived session is read again, more than once if needed")
    func archiveReadAgain() async throws {
        let gets = Counter()
        let server = try await ScriptedServer { request in
            let session = #"{"id":"1","prompt":"p","archived":true}"#
            switch (request.method, request.path) {
            case (.GET, "/sessions"): return .json(#"{"sessions":[{"id":"1","prompt":"p"}]}"#)
            case (.POST, _): return .json("{}")
            default: return gets.next() == 1 ? .error(503, "UNAVAILABLE") : .json(session)
            }
        }
        let bench = try await DaemonFixture(server.url)
        try await bench.readList()
        let answer = await bench.send(.POST, "/api/sessions/1/archive")
        #expect(answer.status == 200)
        #expect(answer.json["archived"]?.bool == true)
    }
}
