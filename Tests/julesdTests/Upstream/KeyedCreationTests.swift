// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

private let order = #"{"prompt":"Retry uploads."}"#

@Suite("Idempotency-Key", .timeLimit(.minutes(1)))
struct KeyedCreationTests {
    private func create(_ bench: DaemonFixture, key: String = "k-1", _ body: String = order) async
        -> DaemonFixture.Answer
    {
        await bench.send(.POST, "/api/sessions", body, headers: ["idempotency-key": key])
    }

    @Test("The same key and body get the same answer without a second request to the API")
    func again() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
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

    @Test("Two requests with the same key at the same time create one session")
    func together() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
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

    @Test("A key is remembered over a restart if the store is a file")
    func restart() async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
            let before = try await DaemonFixture(simulator.baseURL, store: store)
            let first = await create(before)
            await before.store.close()
            let after = try await DaemonFixture(simulator.baseURL, store: store)
            #expect(await create(after).body == first.body)
            #expect(await create(after, #"{"prompt":"Another."}"#).status == 422)
            #expect(simulator.count(.createSession) == 1)
            await after.store.close()
        }
    }

    @Test("Another body with the same key is refused and creates nothing")
    func mismatch() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            _ = await create(bench)
            let answer = await create(bench, #"{"prompt":"Another."}"#)
            #expect(answer.status == 422)
            #expect(answer.error == "idempotency_mismatch")
            #expect(simulator.ids.count == 1)
        }
    }

    @Test(
        "A failure that certainly created nothing is not remembered",
        arguments: [.status(403, html: false, .none), .status(404, html: false, .none)] as [Fault.Kind])
    func forgotten(kind: Fault.Kind) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            simulator.add(Fault(kind: kind, operation: .createSession, count: 1))
            #expect(await create(bench).error == "jules_error")
            #expect(await create(bench, #"{"prompt":"Another."}"#).status == 201)
        }
    }

    @Test("After a failure that may have created a session, the session is looked for first")
    func uncertain() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
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

    @Test("If the session is not found, it is requested again")
    func lost() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            simulator.add(Fault(kind: .status(500, html: false, .none), operation: .createSession, count: 1))
            #expect(await create(bench).status == 502)
            #expect(await create(bench).status == 201)
            #expect(simulator.ids.count == 1)
        }
    }

    @Test(
        "An older session of another user is not taken for the requested one", arguments: [false, true])
    func foreign(restarts: Bool) async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
            var bench = try await DaemonFixture(simulator.baseURL, store: store)
            simulator.withAccount { _ = $0.create(.init(prompt: "Retry uploads.")) }
            try await bench.readList()
            let foreign = simulator.ids
            simulator.add(Fault(kind: .status(500, html: false, .none), operation: .createSession, count: 1))
            #expect(await create(bench).status == 502)
            if restarts {
                await bench.store.close()
                bench = try await DaemonFixture(simulator.baseURL, store: store)
            }
            let answer = await create(bench)
            #expect(answer.status == 201)
            #expect(answer.id.map { foreign.contains($0) } == false)
            #expect(simulator.ids.count == 2)
            await bench.store.close()
        }
    }

    @Test("A session that another user creates long after the request is not taken for the requested one")
    func muchLater() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let began = Timestamp.now.advanced(by: .seconds(-3600))
            let key = IdempotencyKey(text: "k-1", target: "create", digest: sha256(Array(order.utf8)))
            let attempt = RequestAttempt(owner: "k-1", began: began, tried: began, known: [])
            try await bench.store.begin(key, attempt, forgettingBefore: began)
            simulator.withAccount { _ = $0.create(.init(prompt: "Retry uploads.")) }
            let foreign = simulator.ids
            let answer = await create(bench)
            #expect(answer.status == 201)
            #expect(answer.id.map { foreign.contains($0) } == false)
        }
    }

    @Test("A session that was archived in the meantime is found in the copy")
    func archivedSince() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            simulator.add(Fault(kind: .reset, operation: .createSession, count: 1, executed: true))
            simulator.add(Fault(kind: .status(503, html: false, .none), operation: .listSessions, count: 9))
            #expect(await create(bench).status == 502)
            let id = try #require(simulator.ids.first)
            try await bench.readList()
            #expect(await bench.send(.POST, "/api/sessions/\(id)/archive").status == 200)
            #expect(await create(bench).id == id)
            #expect(simulator.ids == [id])
        }
    }

    @Test("A key from an earlier version gets the same answer after the upgrade")
    func upgrade() async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let path = folder.path + "/sessions.sqlite"
            let old = Migrator(
                applicationID: Schema.applicationID, migrations: Array(Schema.migrations.prefix { $0.version < 5 }))
            do {
                let connection = try SQLiteConnection(path: path, mode: .readWriteCreate)
                try old.migrate(connection)
                try connection.run(
                    "INSERT INTO creation (key, request, began, session, answer) VALUES ('k-1', ?, ?, '7', ?)",
                    .blob(sha256(Array(order.utf8))), .integer(Timestamp.now.nanoseconds),
                    .blob(Array(#"{"id":"7"}"#.utf8)))
            }
            let bench = try await DaemonFixture(simulator.baseURL, store: .file(path: path))
            #expect(await create(bench).id == "7")
            #expect(await create(bench, #"{"prompt":"Another."}"#).status == 422)
            #expect(simulator.ids.isEmpty)
            await bench.store.close()
        }
    }

    @Test("A key is remembered for a day")
    func memory() async throws {
        try await withSimulator { simulator in
            let clock = ManualClock(.now)
            let bench = try await DaemonFixture(simulator.baseURL, clocks: clock.read)
            for text in ["old", "young"] {
                let key = IdempotencyKey(text: text, target: "create", digest: [1])
                let attempt = RequestAttempt(owner: text, began: .now, tried: .now, known: [])
                try await bench.store.begin(key, attempt, forgettingBefore: Timestamp(nanoseconds: 0))
                clock.advance(by: .seconds(2 * 3600))
            }
            clock.advance(by: .seconds(21 * 3600))
            // A set clock must not lead to a second session.
            clock.set(by: .seconds(365 * 86_400))
            #expect(await create(bench, key: "young").status == 422)
            #expect(await create(bench, key: "old").status == 201)
            #expect(await create(bench, key: "old", #"{"prompt":"Another."}"#).status == 422)
        }
    }

    @Test("An invalid key is refused", arguments: ["", "é", String(repeating: "k", count: 256)])
    func malformed(key: String) async throws {
        let bench = try await DaemonFixture("http://127.0.0.1:1")
        let answer = await create(bench, key: key)
        #expect(answer.status == 400)
        #expect(answer.error == "invalid_request")
    }
}
