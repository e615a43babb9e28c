// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("The probe of the API", .timeLimit(.minutes(2)))
struct UpstreamProbeTests {
    private let health = UpstreamHealth { _ in }

    private func probe(
        _ server: ScriptedServer, budget: Int = 1000, answered: @escaping @Sendable () -> Void = {}
    ) -> UpstreamProbe {
        let gate = UpstreamGate(client: DaemonFixture.client(server.url), budget: budget, health: health)
        return UpstreamProbe(gate: gate, answered: answered)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let answer: ScriptedServer.Answer
        /// The trouble in words; `nil` if there is none.
        let trouble: String?

        init(_ name: String, _ answer: ScriptedServer.Answer, _ trouble: String?) {
            (testDescription, self.answer, self.trouble) = (name, answer, trouble)
        }
    }

    @Test(
        "The probe reports whether the API answers and accepts the key",
        arguments: [
            Row("an empty page", .json("{}"), nil),
            Row("a page", .json(#"{"sessions":[{"id":"1"}],"nextPageToken":"t"}"#), nil),
            Row(
                "a refused key", .error(401, "UNAUTHENTICATED", message: "no"),
                "the Jules API refused the key (401): no"),
            Row(
                "a refused request", .error(400, "INVALID_ARGUMENT", message: "no"),
                "the Jules API refused the request (400 INVALID_ARGUMENT): no"),
            Row("a failure", .error(503, "UNAVAILABLE"), "the Jules API failed (503)"),
            Row("too many requests", .error(429, "RESOURCE_EXHAUSTED"), "the Jules API asks for fewer requests"),
            Row("no answer within a second", .silence, "the Jules API did not answer in time"),
        ])
    func rows(row: Row) async throws {
        let server = try await ScriptedServer { _ in row.answer }
        let answer = await probe(server).ask()
        #expect(answer.trouble?.description == row.trouble)
        #expect(!answer.stale)
        #expect(server.requests.map(\.line) == ["GET /sessions"])
        #expect(server.requests.first?.query["pageSize"] == "1")
    }

    @Test("Concurrent callers share one request, and its answer is valid for a second")
    func shared() async throws {
        let server = try await ScriptedServer { _ in .json("{}") }
        let probe = probe(server)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 { group.addTask { await probe.ask().trouble == nil } }
            for await isGood in group { #expect(isGood) }
        }
        #expect(await probe.ask().trouble == nil)
        #expect(server.requests.count == 1)
    }

    @Test("If the budget is spent, the probe returns its last answer as stale")
    func stale() async throws {
        let server = try await ScriptedServer(script: [.error(503, "UNAVAILABLE")])
        // A tenth of the budget is the probe's.
        let probe = probe(server, budget: 10)
        #expect(await probe.ask().stale == false)
        // The answer is shared until then.
        try await Task.sleep(for: UpstreamProbe.limit)
        let answer = await probe.ask()
        #expect(answer.stale)
        #expect(answer.trouble == .failed(status: 503, retryAfter: nil))
        #expect(server.requests.count == 1)
    }

    @Test("An unreadable list is trouble even if the probe succeeds, and the list is read again at once")
    func list() async throws {
        let server = try await ScriptedServer { _ in .json("{}") }
        let told = Atomic(0)
        let broken = UpstreamError.failed(status: 500, retryAfter: nil)
        health.note(.failure(broken), from: .list)
        let probe = probe(server) { told.add(1, ordering: .relaxed) }
        #expect(await probe.ask().trouble == broken)
        #expect(told.load(ordering: .relaxed) == 1)
    }

    @Test("The probe sends nothing while the key belongs to another account")
    func otherAccount() async throws {
        let server = try await ScriptedServer { _ in .json("{}") }
        health.note(otherAccount: .otherAccount(kept: 3))
        #expect(await probe(server).ask().trouble == .otherAccount(kept: 3))
        #expect(server.requests.isEmpty)
    }
}
