// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

/// Runs `body` with a simulator in which nothing happens by itself.
func withSimulator<Value: Sendable>(
    _ change: (inout SimulatorOptions) -> Void = { _ in }, _ body: (Simulator) async throws -> Value
) async throws -> Value {
    var options = SimulatorOptions()
    options.behavior.queued = .seconds(3600)
    options.behavior.activitiesDelay = .zero
    change(&options)
    let simulator = try await Simulator.start(options)
    do {
        let value = try await body(simulator)
        await simulator.stop()
        return value
    } catch {
        await simulator.stop()
        throw error
    }
}

extension Simulator {
    /// The number of requests to a method.
    func count(_ operation: JulesAPI.Operation) -> Int {
        withAccount { $0.requests.counts[operation.rawValue] ?? 0 }
    }

    func add(_ fault: Fault) { withAccount { $0.faults.add(fault) } }

    /// The ids of all sessions.
    var ids: Set<String> { withAccount { Set($0.sessions.keys) } }
}

private let order = #"{"prompt":"Retry uploads.","repo":"acme/harbor","branch":"main"}"#

@Suite("Creating sessions", .timeLimit(.minutes(1)))
struct CreationTests {
    @Test(
        "A session that was created despite an error answer is found, and only one is requested",
        arguments: [
            .refuse, .reset, .truncate, .brokenGzip, .wrongJSON, .redirect(location: "http://127.0.0.1:1/"),
            .status(500, html: false, .none), .status(502, html: true, .none), .status(503, html: false, .seconds(1)),
            .status(504, html: false, .none), .delay(.seconds(2)),
        ] as [Fault.Kind])
    func reconciled(kind: Fault.Kind) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL, timeout: .milliseconds(500))
            simulator.add(Fault(kind: kind, operation: .createSession, count: 1, executed: true))
            // The poller may see the new session first.
            let answer = try await bench.polling { await bench.send(.POST, "/api/sessions", order) }
            #expect(answer.status == 201)
            #expect(answer.id.map { [$0] } == Array(simulator.ids))
            #expect(simulator.count(.createSession) == 1)
            #expect(answer.headers.first(name: "location") == "/api/sessions/\(answer.id ?? "")")
            #expect(
                try await bench.store.changes(after: bench.store.origin).deltas.count { $0.change == .created } <= 1)
        }
    }

    @Test(
        "A repository gets the API's spelling, however the client writes it",
        arguments: ["Acme/HARBOR", "acme/harbor.git", "acme/harbor"], [#","branch":"next""#, ""])
    func repository(name: String, branch: String) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            for _ in 1...2 {
                let answer = await bench.send(.POST, "/api/sessions", #"{"prompt":"p","repo":"\#(name)"\#(branch)}"#)
                #expect(answer.status == 201)
                #expect(answer.json["sourceContext"]?["source"] == "sources/github/acme/harbor")
                let expected = branch.isEmpty ? "main" : "next"
                #expect(answer.json["sourceContext"]?["githubRepoContext"]?["startingBranch"]?.string == expected)
            }
            // With a branch, the copy has all that is needed and nothing is read again.
            #expect(simulator.count(.getSource) == (branch.isEmpty ? 2 : 1))
        }
    }

    @Test(
        "For an unknown repository the nearest one is suggested, and nothing is created",
        arguments: [#","branch":"main""#, ""])
    func unknownRepository(branch: String) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let answer = await bench.send(.POST, "/api/sessions", #"{"prompt":"p","repo":"acme/habor"\#(branch)}"#)
            #expect(answer.status == 400)
            let detail = answer.json["details"]?.array?.first
            #expect(
                detail?["field"] == "repo" && detail?["message"]?.string?.contains("did you mean acme/harbor") == true)
            #expect(simulator.count(.createSession) == 0)
        }
    }

    @Test(
        "If nothing was created, the API's error is passed on after one request",
        arguments: [
            (.refuse, 400, "jules_error"), (.status(500, html: false, .none), 502, "jules_unavailable"),
            (.status(502, html: true, .none), 502, "jules_unavailable"),
            (.status(403, html: false, .none), 403, "jules_error"),
            (.status(404, html: true, .none), 404, "jules_error"),
            (.status(409, html: false, .none), 409, "jules_error"),
            (.status(401, html: false, .none), 502, "jules_auth_failed"),
        ] as [(Fault.Kind, Int, String)])
    func refused(kind: Fault.Kind, status: Int, code: String) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            simulator.add(Fault(kind: kind, operation: .createSession, count: 1))
            let answer = await bench.send(.POST, "/api/sessions", order)
            #expect(answer.status == status)
            #expect(answer.error == code)
            #expect(simulator.ids.isEmpty)
            #expect(simulator.count(.createSession) == 1)
        }
    }

    @Test("A request that the API had no time for is retried")
    func throttled() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            simulator.add(Fault(kind: .status(429, html: false, .none), operation: .createSession, count: 2))
            #expect(await bench.send(.POST, "/api/sessions", order).status == 201)
            #expect(simulator.ids.count == 1)
            #expect(simulator.count(.createSession) == 3)
        }
    }

    @Test("An older session, or one with another prompt, is not taken for the requested one")
    func others() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let first = await bench.send(.POST, "/api/sessions", order)
            simulator.withAccount { _ = $0.create(.init(prompt: "Something else")) }
            simulator.add(Fault(kind: .status(500, html: false, .none), operation: .createSession, count: 1))
            let second = await bench.send(.POST, "/api/sessions", order)
            #expect(first.status == 201)
            #expect(second.status == 502)
            #expect(second.json["retry"]?.bool == true)
        }
    }

    @Test("Creations with the same prompt whose answers are lost together are told apart")
    func together() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            simulator.add(Fault(kind: .reset, operation: .createSession, count: 3))
            let ids = await withTaskGroup { group in
                for _ in 0..<4 { group.addTask { await bench.send(.POST, "/api/sessions", order).id ?? "none" } }
                return await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 4)
            #expect(ids == simulator.ids)
            #expect(simulator.count(.createSession) == 4)
        }
    }

    @Test("The session is found behind a page of newer ones, and if its title was left empty")
    func pages() async throws {
        let created = #"{"id":"1","prompt":"p","title":"made up","createTime":"\#(Timestamp.now.rfc3339Exact)"}"#
        let newer = (2...101).map { #"{"id":"\#($0)","prompt":"q","createTime":"\#(Timestamp.now.rfc3339Exact)"}"# }
        let server = try await ScriptedServer { request in
            if request.method == .POST { return .hangUp }
            if request.query["pageToken"] == "2" { return .json(#"{"sessions":[\#(created)]}"#) }
            return .json(#"{"sessions":[\#(newer.joined(separator: ","))],"nextPageToken":"2"}"#)
        }
        let bench = try await DaemonFixture(server.url)
        let answer = await bench.send(.POST, "/api/sessions", #"{"prompt":"p","title":""}"#)
        #expect(answer.status == 201)
        #expect(answer.id == "1")
        #expect(server.requests.count { $0.method == .POST } == 1)
    }
}
