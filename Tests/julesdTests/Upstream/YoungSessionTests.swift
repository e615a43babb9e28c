// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

private let order = #"{"prompt":"Retry uploads.","repo":"acme/harbor","branch":"main"}"#

@Suite("New sessions", .timeLimit(.minutes(1)))
struct YoungSessionTests {
    @Test("A new session that Jules does not show yet is kept for three minutes, over a restart too")
    func young() async throws {
        let folder = try TemporaryFolder()
        let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
        let clock = ManualClock(.now)
        try await withSimulator { simulator in
            var bench = try await DaemonFixture(simulator.baseURL, store: store, clocks: clock.read)
            let id = try #require(await bench.send(.POST, "/api/sessions", order).id)
            simulator.add(Fault(kind: .status(404, html: false, .none), operation: .getSession))
            simulator.add(Fault(kind: .status(404, html: false, .none), operation: .deleteSession))
            #expect(await bench.send(.GET, "/api/sessions/\(id)?refresh=1").status == 200)
            #expect(await bench.send(.DELETE, "/api/sessions/\(id)").status == 404)
            await bench.store.close()
            clock.advance(by: .seconds(179))
            bench = try await DaemonFixture(simulator.baseURL, store: store, clocks: clock.read)
            #expect(await bench.send(.GET, "/api/sessions/\(id)?refresh=1").status == 200)
            clock.advance(by: .seconds(1))
            #expect(await bench.send(.GET, "/api/sessions/\(id)?refresh=1").status == 404)
            let deltas = try await bench.store.changes(after: bench.store.origin).deltas
            #expect(deltas.map(\.change) == [.created, .deleted])
            await bench.store.close()
        }
    }

    @Test("A new session that Jules has shown and no longer shows is deleted", arguments: [true, false])
    func shown(byList: Bool) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let id = try #require(await bench.send(.POST, "/api/sessions", order).id)
            if byList {
                try await bench.readList()
            } else {
                _ = await bench.send(.GET, "/api/sessions/\(id)?refresh=1")
            }
            simulator.add(Fault(kind: .status(404, html: false, .none), operation: .getSession))
            #expect(await bench.send(.GET, "/api/sessions/\(id)?refresh=1").status == 404)
            let deltas = try await bench.store.changes(after: bench.store.origin).deltas
            #expect(deltas.map(\.change) == [.created, .deleted])
        }
    }

    @Test("A new session that a person deletes is gone at once")
    func deleted() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let id = try #require(await bench.send(.POST, "/api/sessions", order).id)
            #expect(await bench.send(.DELETE, "/api/sessions/\(id)").status == 204)
            let deltas = try await bench.store.changes(after: bench.store.origin).deltas
            #expect(deltas.map(\.change) == [.created, .deleted])
        }
    }
}
