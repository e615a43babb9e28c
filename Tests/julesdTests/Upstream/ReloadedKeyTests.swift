// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import TestSupport
import Testing

@testable import julesd

@Suite("A reloaded key", .timeLimit(.minutes(2)))
struct ReloadedKeyTests {
    /// An API that answers 429 to one key and accepts all others.
    private func server() async throws -> ScriptedServer {
        try await ScriptedServer { request in
            request.headers.first(name: "x-goog-api-key") == "old"
                ? .error(429, "RESOURCE_EXHAUSTED", headers: ["retry-after": "600"]) : .json("{}")
        }
    }

    private func poll(_ bench: DaemonFixture) async -> UpstreamError? {
        do throws(UpstreamError) {
            _ = try await bench.upstream.gate.call(for: .poll, patience: .zero) { (client) throws(UpstreamError) in
                try await client.sessions(pageSize: 1)
            }
            return nil
        } catch { return error }
    }

    @Test("A new key is not bound by the wait of the old one, but the same key is")
    func throttle() async throws {
        let server = try await server()
        let bench = try await DaemonFixture(server.url, key: "old")
        #expect(await poll(bench) != nil)
        let asked = server.requests.count
        bench.upstream.apply(
            client: DaemonFixture.client(server.url, key: "old"), budget: 100, interval: .milliseconds(20))
        #expect(await poll(bench) != nil)
        #expect(server.requests.count == asked, "the wait goes on")
        bench.upstream.apply(
            client: DaemonFixture.client(server.url, key: "new"), budget: 100, interval: .milliseconds(20))
        await bench.upstream.account.check()
        #expect(await poll(bench) == nil)
    }

    @Test("A new key gets its own sources at once")
    func sources() async throws {
        let server = try await ScriptedServer { request in
            .json(#"{"sources":[{"name":"\#(request.headers.first(name: "x-goog-api-key") ?? "")"}]}"#)
        }
        let bench = try await DaemonFixture(server.url, key: "old")
        for key in ["old", "new"] {
            bench.upstream.apply(
                client: DaemonFixture.client(server.url, key: key), budget: 100, interval: .milliseconds(20))
            await bench.upstream.account.check()
            for _ in 0..<2 {
                #expect(await bench.send(.GET, "/api/sources").json["sources"] == [["name": .string(key)]])
            }
        }
        #expect(server.requests.count == 2)
    }
}
