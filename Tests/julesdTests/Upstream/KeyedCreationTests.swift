// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Testing

@testable import jules_simulator
@testable import julesd

private let order = #"{"prompt":"Retry uploads."}"#

@Suite("Idempotency-Key", .timeLimit(.minutes(1)))
struct KeyedCreationTests {
    private func create(_ bench: Bench, key: String = "k-1", _ body: String = order) async -> Bench.Answer {
        await bench.send(.POST, "/api/sessions", body, headers: ["idempotency-key": key])
    }

    @Test("the same key and body have the same answer, without a second request to the API")
    func again() async throws {
        try await withSimulator { simulator in
            let bench = try await Bench(simulator.baseURL)
            let first = await create(bench)
            simulator.withAccount { account in
                for id in account.sessions.keys { account.update(id) { session, _ in session.archived = true } }
            }
            try await bench.readList()
            let second = await create(bench)
            #expect(first.status == 201 && second.status == 201)
            #expect(first.body == second.body)
            #expect(second.headers.first(name: "location") == first.headers.first(name: "location"))
            #expect(await create(bench, key: "k-2").id != first.id)
            #expect(simulator.count(.createSession) == 2)
        }
    }

    @Test("also where they come at the same time")
    func together() async throws {
        try await withSimulator { simulator in
            let bench = try await Bench(simulator.baseURL)
            simulator.add(Fault(kind: .delay(.milliseconds(100)), operation: .createSession))
            let bodies = await withTaskGroup { group in
                for _ in 0..<5 { group.addTask { await create(bench).body } }
                return await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
            }
            #expect(bodies.count == 1)
            #expect(simulator.ids.count == 1)
            #expect(simulator.count(.createSession) == 1)
        }
    }

    @Test("also after a restart with a store that lasts")
    func restart() async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
            let before = try await Bench(simulator.baseURL, store: store)
            let first = await create(before)
            await before.log.close()
            let after = try await Bench(simulator.baseURL, store: store)
            #expect(await create(after).body == first.body)
            #expect(await create(after, #"{"prompt":"Another."}"#).status == 422)
            #expect(simulator.count(.createSession) == 1)
            await after.log.close()
        }
    }

    @Test("another body under the same key is refused, and creates nothing")
    func mismatch() async throws {
        try await withSimulator { simulator in
            let bench = try await Bench(simulator.baseURL)
            _ = await create(bench)
            let answer = await create(bench, #"{"prompt":"Another."}"#)
            #expect(answer.status == 422)
            #expect(answer.error == "idempotency_mismatch")
            #expect(simulator.ids.count == 1)
        }
    }

    @Test(
        "a failure that certainly created nothing is not remembered",
        arguments: [.status(403, html: false, .none), .status(404, html: false, .none)] as [Fault.Kind])
    func forgotten(kind: Fault.Kind) async throws {
        try await withSimulator { simulator in
            let bench = try await Bench(simulator.baseURL)
            simulator.add(Fault(kind: kind, operation: .createSession, count: 1))
            #expect(await create(bench).error == "jules_error")
            #expect(await create(bench, #"{"prompt":"Another."}"#).status == 201)
        }
    }

    @Test("after a failure that may have created something the session is looked for first")
    func uncertain() async throws {
        try await withSimulator { simulator in
            let bench = try await Bench(simulator.baseURL)
            simulator.add(Fault(kind: .reset, operation: .createSession, count: 1))
            simulator.add(Fault(kind: .status(503, html: false, .none), operation: .listSessions, count: 9))
            #expect(await create(bench).status == 502)
            #expect(await create(bench, #"{"prompt":"Another."}"#).status == 422)
            try await bench.readList()
            let second = await create(bench)
            #expect(second.status == 201)
            #expect(second.id.map { [$0] } == Array(simulator.ids))
            #expect(simulator.count(.createSession) == 1)
        }
    }

    @Test("and asked for again where it is not found")
    func lost() async throws {
        try await withSimulator { simulator in
            let bench = try await Bench(simulator.baseURL)
            simulator.add(Fault(kind: .status(500, html: false, .none), operation: .createSession, count: 1))
            #expect(await create(bench).status == 502)
            #expect(await create(bench).status == 201)
            #expect(simulator.ids.count == 1)
        }
    }

    @Test("a key is remembered for a day")
    func memory() async throws {
        try await withSimulator { simulator in
            let bench = try await Bench(simulator.baseURL)
            let now = Timestamp.now
            for (key, hours) in [("old", 25), ("young", 23)] {
                let began = now.advanced(by: .seconds(-3600 * hours))
                try await bench.log.beginCreation(key: key, request: [1], at: began, forgettingBefore: began)
            }
            #expect(await create(bench, key: "young").status == 422)
            #expect(await create(bench, key: "old").status == 201)
            #expect(await create(bench, key: "old", #"{"prompt":"Another."}"#).status == 422)
        }
    }

    @Test("a key that is none is refused", arguments: ["", "é", String(repeating: "k", count: 256)])
    func malformed(key: String) async throws {
        let bench = try await Bench("http://127.0.0.1:1")
        let answer = await create(bench, key: key)
        #expect(answer.status == 400)
        #expect(answer.error == "invalid_request")
    }
}
