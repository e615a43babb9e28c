// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

private let order = #"{"prompt":"Retry uploads."}"#

@Suite("Keys over several instances", .timeLimit(.minutes(2)))
struct SharedKeyTests {
    private let uri: String

    init() throws { uri = try PostgreSQLServer.database() }

    /// Runs `body` with two instances that are alive.
    private func withTwo(
        _ simulator: Simulator, silence: Duration = .seconds(6), _ body: ([DaemonFixture]) async throws -> Void
    ) async throws {
        let benches = [
            try await DaemonFixture(simulator.baseURL, sharing: uri, silence: silence),
            try await DaemonFixture(simulator.baseURL, sharing: uri, silence: silence),
        ]
        let signs = benches.compactMap(\.claims).map { claims in Task { await claims.run() } }
        defer { for task in signs { task.cancel() } }
        try await body(benches)
        for task in signs { task.cancel() }
        for bench in benches { await bench.store.close() }
    }

    private func create(_ bench: DaemonFixture, key: String = "k-1", _ body: String = order) async
        -> DaemonFixture.Answer
    {
        await bench.send(.POST, "/api/sessions", body, headers: ["idempotency-key": key])
    }

    private func run(_ sql: String) throws {
        try PostgreSQLConnection(uri: uri, application: "beside").execute(sql)
    }

    @Test("The same key at two instances at the same time makes one session, and all get the same answer")
    func together() async throws {
        try await withSimulator { simulator in
            try await withTwo(simulator) { benches in
                simulator.add(Fault(kind: .delay(.milliseconds(300)), operation: .createSession))
                let answers = await withTaskGroup { group in
                    for bench in benches + benches { group.addTask { await create(bench) } }
                    return await group.reduce(into: [DaemonFixture.Answer]()) { $0.append($1) }
                }
                #expect(answers.map(\.status) == [201, 201, 201, 201])
                #expect(Set(answers.map(\.body)).count == 1)
                #expect(simulator.count(.createSession) == 1)
                #expect(await create(benches[1], #"{"prompt":"Another."}"#).status == 422)
            }
        }
    }

    @Test("If the first instance certainly failed, the one that waited makes the request")
    func failedFirst() async throws {
        try await withSimulator { simulator in
            try await withTwo(simulator) { benches in
                simulator.add(Fault(kind: .status(403, html: false, .none), operation: .createSession, count: 1))
                let statuses = await withTaskGroup { group in
                    for bench in benches { group.addTask { await create(bench).status } }
                    return await group.reduce(into: Set<Int>()) { $0.insert($1) }
                }
                #expect(statuses == [403, 201])
                #expect(simulator.ids.count == 1)
            }
        }
    }

    @Test("After an instance was killed in the middle, another one looks for the session before it asks for one")
    func killed() async throws {
        try await withSimulator { simulator in
            try await withTwo(simulator, silence: .milliseconds(400)) { benches in
                // As the store is after a kill between the request and its answer.
                let key = IdempotencyKey(text: "k-1", target: "create", digest: sha256(Array(order.utf8)))
                let now = benches[0].store.wallNow
                try await benches[0].store.begin(
                    key, RequestAttempt(owner: "k-1", began: now, tried: now, known: []),
                    forgettingBefore: Timestamp(nanoseconds: 0))
                try run(
                    """
                    INSERT INTO instance VALUES ('killed', \(now.nanoseconds));
                    INSERT INTO key_claim VALUES ('k-1', 'killed')
                    """)
                simulator.withAccount { _ = $0.create(.init(prompt: "Retry uploads.")) }
                let answers = await withTaskGroup { group in
                    for bench in benches { group.addTask { await create(bench) } }
                    return await group.reduce(into: [DaemonFixture.Answer]()) { $0.append($1) }
                }
                #expect(answers.map(\.id) == Array(repeating: simulator.ids.first, count: 2))
                #expect(simulator.count(.createSession) == 0)
            }
        }
    }

    @Test("A task is queued once under a key that comes to two instances at the same time")
    func queued() async throws {
        try await withSimulator { simulator in
            try await withTwo(simulator) { benches in
                let body = #"{"prompt":"Retry uploads.","repo":"acme/harbor","branch":"main","queue":true}"#
                let ids = await withTaskGroup { group in
                    for bench in benches + benches { group.addTask { await create(bench, body).id } }
                    return await group.reduce(into: Set<String?>()) { $0.insert($1) }
                }
                #expect(ids.count == 1 && !ids.contains(nil))
                let open = try await benches[0].queue.store.open()
                #expect(open.count == 1)
            }
        }
    }

    @Test("A tool that gave up at one instance gets the same session from another one")
    func gaveUp() async throws {
        try await withSimulator { simulator in
            try await withTwo(simulator) { benches in
                simulator.add(Fault(kind: .delay(.milliseconds(400)), operation: .createSession, count: 1))
                async let first = benches[0].send(
                    .POST, "/v1alpha/sessions", order, during: { $0.presence.leave() })
                while simulator.count(.createSession) == 0 { try await Task.sleep(for: .milliseconds(2)) }
                let second = await benches[1].send(.POST, "/v1alpha/sessions", order)
                #expect(second.status == 200)
                #expect(await first.id == second.id)
                #expect(simulator.ids.count == 1)
            }
        }
    }

    @Test("Two tools that send the same text to two instances and wait get a session each")
    func twoTools() async throws {
        try await withSimulator { simulator in
            try await withTwo(simulator) { benches in
                simulator.add(Fault(kind: .delay(.seconds(3)), operation: .createSession))
                let ids = await withTaskGroup { group in
                    for bench in benches { group.addTask { await bench.send(.POST, "/v1alpha/sessions", order).id } }
                    return await group.reduce(into: Set<String?>()) { $0.insert($1) }
                }
                #expect(ids.count == 2 && simulator.ids.count == 2)
            }
        }
    }
}

@Suite("Claims of instances", .timeLimit(.minutes(2)))
struct StoredClaimsTests {
    private let uri: String

    init() throws { uri = try PostgreSQLServer.database() }

    private func open() async throws -> (store: SessionStore, claims: StoredClaims) {
        let opened = try await PostgreSQLEngine.open(at: uri, instance: "test")
        let engine = try #require(opened.engine as? PostgreSQLEngine)
        return (SessionStore(opened), StoredClaims(engine: engine, longestSilence: .milliseconds(400)))
    }

    private func connection() throws -> PostgreSQLConnection {
        try PostgreSQLConnection(uri: uri, application: "beside")
    }

    private func claimed() throws -> [String] {
        try connection().query("SELECT key FROM key_claim ORDER BY key") { $0.text(0) }
    }

    @Test("A claim is taken over only if its instance is silent, and only by one that has been there for as long")
    func silence() async throws {
        let (store, claims) = try await open()
        let beside = try connection()
        let began = Duration.monotonic
        // An instance that has been silent for an hour, as after an outage of the server.
        try beside.execute(
            "INSERT INTO instance VALUES ('dead', \(ServerTime.sql) - 3600000000000); INSERT INTO key_claim VALUES ('k', 'dead')"
        )
        #expect(try await claims.claim("k", within: .zero))
        #expect(.monotonic - began >= .milliseconds(400))
        await claims.release("k")
        #expect(try claimed() == [])
        await store.close()
    }

    @Test("An instance whose claim was taken over writes nothing more under it, and works on the key again afterwards")
    func takenOver() async throws {
        let (store, claims) = try await open()
        let count = Counter()
        let key = IdempotencyKey(text: "k", target: "create", digest: [1])
        let attempt = RequestAttempt(owner: "k", began: .now, tried: .now, known: [])
        let runs = try await claims.hold("k") {
            let run = count.next()
            // Taken over by an instance that has ended since.
            if run == 1 { try connection().execute("UPDATE key_claim SET instance = 'other'") }
            try await store.begin(key, attempt, forgettingBefore: Timestamp(nanoseconds: 0))
            return run
        }
        #expect(runs == 2)
        #expect(try claimed() == [])
        await store.close()
    }

    @Test("A claim that could not be removed is removed with the next sign of life")
    func lateRelease() async throws {
        let (store, claims) = try await open()
        #expect(try await claims.claim("k", within: .zero))
        try connection().execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'julesd test coordination' AND datname = current_database()
            """)
        await claims.release("k")
        #expect(try claimed() == ["k"])
        try await claims.giveSign()
        #expect(try claimed() == [])
        await store.close()
    }

    @Test("What instances that ended a minute ago have left is removed")
    func ended() async throws {
        let (store, claims) = try await open()
        try connection().execute(
            """
            INSERT INTO instance VALUES ('dead', \(ServerTime.sql) - 61000000000), ('quiet', \(ServerTime.sql) - 5000000000);
            INSERT INTO key_claim VALUES ('d', 'dead'), ('q', 'quiet')
            """)
        while try claimed() != ["q"] {
            try await claims.giveSign()
            try await Task.sleep(for: .milliseconds(50))
        }
        await store.close()
    }

    @Test("All instances have the clock of the server")
    func clock() async throws {
        let (first, second) = (try await open(), try await open())
        // The store's time is never behind its last transaction, so this moves the clock ahead of this machine's.
        try connection().execute("UPDATE log SET steady = \(ServerTime.sql) + 3600000000000")
        for member in [first, second] {
            try await member.claims.giveSign()
            #expect(member.store.wallNow.duration(since: .now) > .seconds(3500))
        }
        await first.store.close()
        await second.store.close()
    }
}
