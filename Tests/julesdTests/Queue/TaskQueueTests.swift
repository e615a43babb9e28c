// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Logging
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

private func order(_ prompt: String = "Retry uploads.", _ more: String = "") -> String {
    #"{"prompt":"\#(prompt)","repo":"acme/harbor","branch":"main","queue":true\#(more)}"#
}

extension DaemonFixture {
    /// Queues a task and returns its id.
    fileprivate func enqueue(_ prompt: String = "Retry uploads.", _ more: String = "") async -> String {
        await send(.POST, "/api/sessions", order(prompt, more)).id ?? ""
    }

    /// Updates the copy, then runs the queue until it has nothing to do.
    func runQueue() async throws {
        try await readList()
        upstream.reading.note(askedAt: .monotonic)
        while try await queue.step() == .zero {}
    }

    func state(of entry: String) async throws -> String? { try await queue.store.entry(entry)?.state.rawValue }
}

@Suite("The queue", .timeLimit(.minutes(1)))
struct TaskQueueTests {
    @Test("A task gets its position, starts, and then has its session")
    func life() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let answer = await bench.send(.POST, "/api/sessions", order())
            let id = try #require(answer.id)
            #expect(answer.status == 202)
            #expect(answer.headers.first(name: "location") == "/api/queue/\(id)")
            #expect(answer.json["state"] == "waiting" && answer.json["position"]?.int == 1)
            #expect(simulator.ids.isEmpty)
            try await bench.runQueue()
            let after = await bench.send(.GET, "/api/queue/\(id)").json
            #expect(after["state"] == "started")
            #expect(after["sessionId"]?.string == simulator.ids.first)
            #expect(await bench.send(.GET, "/api/queue").json["entries"]?.array?.count == 1)
        }
    }

    @Test("The highest priority starts first, then the oldest")
    func byPriority() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            var ids: [String] = []
            for (prompt, more) in [("a", ""), ("b", #","priority":5"#), ("c", ""), ("d", #","priority":-5"#)] {
                ids.append(await bench.enqueue(prompt, more))
            }
            let change = await bench.send(.PATCH, "/api/queue/\(ids[2])", #"{"priority":100}"#)
            #expect(change.status == 200 && change.json["position"]?.int == 1)
            let list = await bench.send(.GET, "/api/queue").json["entries"]?.array ?? []
            #expect(list.compactMap { $0["title"]?.string } == ["c", "b", "a", "d"])
            try await bench.runQueue()
            let prompts = simulator.withAccount { account in
                account.order.compactMap { account.sessions[$0.id]?.draft.prompt }
            }
            #expect(prompts == ["c", "b", "a", "d"])
        }
    }

    @Test("The limits hold, and sessions of others and deleted ones count")
    func limits() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL, limits: TaskLimits(perDay: 3))
            simulator.withAccount { _ = $0.create(SessionDraft(prompt: "Somebody else's")) }
            try await bench.readList()
            let other = try #require(simulator.ids.first)
            #expect(await bench.send(.DELETE, "/api/sessions/\(other)").status == 204)
            for prompt in ["a", "b", "c"] { _ = await bench.enqueue(prompt) }
            try await bench.runQueue()
            #expect(simulator.ids.count == 2)
            let quota = await bench.send(.GET, "/api/quota").json["perDay"]
            #expect(quota?["limit"]?.int == 3 && quota?["used"]?.int == 3 && quota?["nextFree"] != nil)
            let waiting = await bench.send(.GET, "/api/queue").json["entries"]?.array?.first
            #expect(waiting?["title"] == "c" && waiting?["earliest"] == quota?["nextFree"])
        }
    }

    @Test("A place is used as soon as a session has ended")
    func atOnce() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL, limits: TaskLimits(atOnce: 1))
            _ = await bench.enqueue("a")
            _ = await bench.enqueue("b")
            try await bench.runQueue()
            let first = try #require(simulator.ids.first)
            #expect(simulator.ids.count == 1)
            simulator.withAccount { account in
                account.update(first) { session, _ in session.state = .completed }
            }
            try await bench.runQueue()
            #expect(simulator.ids.count == 2)
        }
    }

    @Test("A waiting task can be cancelled or moved, any other cannot")
    func cancel() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let (first, second) = (await bench.enqueue("a"), await bench.enqueue("b"))
            #expect(await bench.send(.DELETE, "/api/queue/\(first)").status == 204)
            try await bench.runQueue()
            #expect(simulator.ids.count == 1)
            #expect(try await bench.state(of: first) == "cancelled")
            for id in [first, second] {
                #expect(await bench.send(.DELETE, "/api/queue/\(id)").status == 409)
                #expect(await bench.send(.PATCH, "/api/queue/\(id)", #"{"priority":1}"#).status == 409)
            }
            #expect(await bench.send(.DELETE, "/api/queue/q0").status == 404)
        }
    }

    @Test("The same Idempotency-Key adds a task once, and is refused with another request")
    func keys() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let key: HTTPHeaders = ["idempotency-key": "k"]
            let first = await bench.send(.POST, "/api/sessions", order(), headers: key)
            try await bench.runQueue()
            let second = await bench.send(.POST, "/api/sessions", order(), headers: key)
            #expect(second.status == 202 && second.id == first.id && second.json["state"] == "started")
            #expect(await bench.send(.POST, "/api/sessions", order("Else"), headers: key).status == 422)
            let direct = #"{"prompt":"Retry uploads.","repo":"acme/harbor","branch":"main"}"#
            #expect(await bench.send(.POST, "/api/sessions", direct, headers: key).status == 422)
            #expect(simulator.ids.count == 1)
        }
    }

    @Test(
        "A faulty task is refused with the name of the field, and nothing is stored",
        arguments: [
            (#"{"prompt":"a","queue":true,"priority":101}"#, "priority"),
            (#"{"prompt":"a","queue":true,"priority":1.5}"#, "priority"), (#"{"prompt":"a","priority":1}"#, "priority"),
            (#"{"prompt":"a","queue":"yes"}"#, "queue"), (#"{"queue":true}"#, "prompt"),
            (#"{"prompt":"a","queue":true,"repo":"acme/nowhere"}"#, "repo"),
        ])
    func faults(body: String, field: String) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let answer = await bench.send(.POST, "/api/sessions", body)
            #expect(answer.status == 400 && answer.json["details"]?.array?.first?["field"]?.string == field)
            #expect(try await bench.queue.store.open().isEmpty)
        }
    }

    @Test("A 429 holds the whole queue for as long as Jules asks, and nothing has started")
    func throttled() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let id = await bench.enqueue()
            simulator.add(
                Fault(kind: .status(429, html: false, .seconds(3000)), operation: .createSession, count: 1))
            try await bench.runQueue()
            let list = await bench.send(.GET, "/api/queue").json
            #expect(list["held"]?["reason"] != nil)
            #expect(
                list["entries"]?.array?.first?["state"] == "waiting" && list["entries"]?.array?.first?["detail"] != nil)
            #expect(try await bench.queue.store.entry(id)?.isUncertain == false)
            #expect(simulator.ids.isEmpty)
        }
    }

    @Test("A refusal without a reason that still created the session does not lead to a second one")
    func refusedButCreated() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let id = await bench.enqueue()
            simulator.add(Fault(kind: .refuse, operation: .createSession, count: 1, executed: true))
            try await bench.runQueue()
            #expect(try await bench.state(of: id) == "started")
            #expect(simulator.ids.count == 1)
        }
    }

    @Test("A session that is listed late is found if the account is full because of it")
    func shownLate() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL, limits: TaskLimits(atOnce: 1))
            let id = await bench.enqueue()
            // The answer is lost, and all searches fail.
            simulator.add(Fault(kind: .refuse, operation: .createSession, count: 1, executed: true))
            simulator.add(Fault(kind: .status(503, html: false, .none), operation: .listSessions))
            upstreamIsFresh(bench)
            _ = try await bench.queue.step()
            #expect(try await bench.queue.store.entry(id)?.isUncertain == true)
            simulator.withAccount { $0.faults.clear() }
            try await bench.readList()
            // The queue is held for a minute. Another queue on the same store is not.
            let next = TaskQueue(
                store: bench.store, upstream: bench.upstream, limits: TaskLimits(atOnce: 1),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            upstreamIsFresh(bench)
            while try await next.step() == .zero {}
            #expect(try await bench.state(of: id) == "started")
            #expect(simulator.ids.count == 1)
        }
    }

    @Test("A task whose form Jules refuses fails, and others go on")
    func refusedForm() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let bad = await bench.enqueue("a", #","automationMode":"MANUAL""#)
            let good = await bench.enqueue("b")
            try await bench.runQueue()
            #expect(try await bench.queue.store.entry(bad)?.state == .failed)
            #expect(try await bench.queue.store.entry(bad)?.detail?.isEmpty == false)
            #expect(try await bench.state(of: good) == "started")
        }
    }

    @Test("Nothing starts while the key is refused or the copy is old")
    func notReady() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            _ = await bench.enqueue()
            #expect(try await bench.queue.step() == TaskQueue.shortPause)
            simulator.withAccount { $0.key = "another" }
            _ = try? await bench.readList()
            upstreamIsFresh(bench)
            #expect(try await bench.queue.step() == TaskQueue.shortPause)
            #expect(simulator.ids.isEmpty)
            simulator.withAccount { $0.key = nil }
            // After a refused key the API is not called for a moment.
            while (try? await bench.readList()) == nil { try await Task.sleep(for: .milliseconds(20)) }
            try await bench.runQueue()
            #expect(simulator.ids.count == 1)
        }
    }

    @Test("After a kill between the request and its record, the session is found and not created again")
    func killed() async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
            let before = try await DaemonFixture(simulator.baseURL, store: store)
            let id = await before.enqueue()
            let other = await before.enqueue()
            try await before.runQueue()
            // The state after a kill just after the request.
            try await before.store.write { connection in
                try connection.run("UPDATE queue_entry SET state = 'starting', session = NULL, ended = NULL")
                try connection.run("UPDATE keyed_request SET outcome = NULL, answer = NULL")
                try connection.run("DELETE FROM session")
            }
            await before.store.close()
            let after = try await DaemonFixture(simulator.baseURL, store: store)
            try await after.queue.store.recover()
            try await after.runQueue()
            #expect(simulator.ids.count == 2)
            let sessions = try await [id, other].asyncMap { try await after.queue.store.entry($0)?.session }
            #expect(Set(sessions.compactMap(\.self)) == simulator.ids)
            await after.store.close()
        }
    }

    @Test("A request made just before a kill is not repeated, even if its session appears late")
    func killedWhileAsking() async throws {
        try await withSimulator { simulator in
            let clock = ManualClock(.now)
            let bench = try await DaemonFixture(
                simulator.baseURL,
                queueClock: QueueClock(now: { clock.read().wall }, elapsed: { clock.read().sinceBoot }))
            let id = await bench.enqueue()
            // As the store is after a kill between the request and its answer.
            #expect(try await bench.queue.store.begin(id))
            let entry = try #require(try await bench.queue.store.entry(id))
            let request = try #require(try await bench.queue.store.request(of: id))
            let now = clock.read().wall
            try await bench.store.begin(
                entry.key(of: request), RequestAttempt(owner: entry.key, began: now, tried: now, known: []),
                forgettingBefore: now.advanced(by: .seconds(-86_400)))
            try await bench.queue.store.recover()
            try await bench.runQueue()
            #expect(simulator.ids.isEmpty)
            let direct = #"{"prompt":"Retry uploads.","repo":"acme/harbor","branch":"main"}"#
            let late = try await DaemonFixture(simulator.baseURL)
            #expect(await late.send(.POST, "/api/sessions", direct).status == 201)
            clock.advance(by: .seconds(10))
            try await bench.runQueue()
            #expect(try await bench.queue.store.entry(id)?.session == simulator.ids.first)
            #expect(simulator.ids.count == 1)
        }
    }

    @Test("A full queue refuses another task and keeps its tasks")
    func full() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            try await bench.store.write { connection in
                try connection.run(
                    """
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                    INSERT INTO queue_entry (id, state, priority, queued, repository, title, request, key)
                    SELECT 'q' || i, 'waiting', 0, 0, '', '', ?, 'k' || i FROM n
                    """, .integer(QueueStore.mostEntries), .blob(Array("{}".utf8)))
            }
            let answer = await bench.send(.POST, "/api/sessions", order())
            #expect(answer.status == 503 && answer.error == "overloaded")
            #expect(try await bench.queue.store.open().count == Int(QueueStore.mostEntries))
        }
    }

    private func upstreamIsFresh(_ bench: DaemonFixture) { bench.upstream.reading.note(askedAt: .monotonic) }
}

extension Array {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
