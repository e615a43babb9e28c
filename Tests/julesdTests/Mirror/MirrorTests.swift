// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

private let order = #"{"prompt":"Retry uploads.","title":"Retry"}"#

@Suite("The mirror of the Jules API", .timeLimit(.minutes(1)))
struct MirrorTests {
    /// A daemon whose copy is complete.
    private func bench(_ simulator: Simulator, budget: Int = 100_000) async throws -> DaemonFixture {
        let bench = try await DaemonFixture(simulator.baseURL, budget: budget, interval: .seconds(5))
        try await bench.readList()
        try await bench.store.markBaseline()
        return bench
    }

    @Test("A page token of a list stays valid while sessions are added and deleted")
    func tokens() async throws {
        try await withSimulator({ $0.sessions = 9 }) { simulator in
            let bench = try await bench(simulator)
            let ids = simulator.withAccount { Array($0.order.map(\.id).reversed()) }
            let first = await bench.send(.GET, "/v1alpha/sessions?pageSize=4")
            let token = try #require(first.json["nextPageToken"]?.string)
            _ = await bench.send(.POST, "/v1alpha/sessions", order)
            #expect(await bench.send(.DELETE, "/v1alpha/sessions/\(ids[3])").status == 200)
            #expect(await bench.send(.DELETE, "/v1alpha/sessions/\(ids[4])").status == 200)
            let second = await bench.send(.GET, "/v1alpha/sessions?pageSize=4&pageToken=\(token)")
            #expect(second.json["sessions"]?.array?.compactMap { $0["id"]?.string } == Array(ids[5...8]))
            #expect(second.json["nextPageToken"] == nil)
        }
    }

    @Test("Activities of the same time are neither repeated nor lost between two pages")
    func sharedInstant() async throws {
        try await withSimulator { simulator in
            let bench = try await bench(simulator)
            let id = try #require(await bench.send(.POST, "/v1alpha/sessions", order).id)
            _ = try await bench.store.record((0..<7).map { activity("a\($0)", created: $0 < 2 ? 0 : 1) }, of: id)
            var (seen, token) = ([String](), String?.none)
            repeat {
                let query = "pageSize=1" + (token.map { "&pageToken=\($0)" } ?? "")
                let page = await bench.send(.GET, "/v1alpha/sessions/\(id)/activities?\(query)")
                seen += page.json["activities"]?.array?.compactMap { $0["id"]?.string } ?? []
                token = page.json["nextPageToken"]?.string
            } while token != nil && seen.count < 20
            #expect(seen == (0..<7).map { "a\($0)" })
        }
    }

    @Test("Reads are answered from the copy, and only no-cache makes the daemon ask the API")
    func copy() async throws {
        try await withSimulator({ $0.sessions = 3 }) { simulator in
            let bench = try await bench(simulator)
            let id = try #require(simulator.ids.first)
            let before = simulator.count(.getSession) + simulator.count(.listSessions)
            for _ in 0..<20 {
                #expect(await bench.send(.GET, "/v1alpha/sessions").status == 200)
                #expect(await bench.send(.GET, "/v1alpha/sessions/\(id)").status == 200)
                #expect(await bench.send(.GET, "/v1alpha/sessions/\(id)/activities").status == 200)
                #expect(await bench.send(.GET, "/v1alpha/sources").status == 200)
            }
            #expect(simulator.count(.getSession) + simulator.count(.listSessions) == before)
            #expect(simulator.count(.listActivities) == 1)
            #expect(simulator.count(.listSources) == 1)
            let fresh: HTTPHeaders = ["cache-control": "no-cache"]
            _ = await bench.send(.GET, "/v1alpha/sessions", headers: fresh)
            _ = await bench.send(.GET, "/v1alpha/sessions/\(id)", headers: fresh)
            _ = await bench.send(.GET, "/v1alpha/sessions/\(id)/activities", headers: fresh)
            _ = await bench.send(.GET, "/v1alpha/sources", headers: fresh)
            #expect(simulator.count(.getSession) + simulator.count(.listSessions) == before + 2)
            #expect(simulator.count(.listActivities) == 2)
            #expect(simulator.count(.listSources) == 2)
        }
    }

    @Test("A session too young to have activities is requested once, however many tools ask")
    func young() async throws {
        try await withSimulator({ $0.behavior.activitiesDelay = .seconds(600) }) { simulator in
            let bench = try await bench(simulator)
            let id = try #require(await bench.send(.POST, "/v1alpha/sessions", order).id)
            let before = simulator.count(.listActivities)
            for _ in 0..<20 {
                let answer = await bench.send(.GET, "/v1alpha/sessions/\(id)/activities")
                #expect(answer.status == 200 && answer.json == [:])
            }
            #expect(simulator.count(.listActivities) == before + 1)
        }
    }

    @Test("A session whose state or activities are read repeatedly is followed")
    func followed() async throws {
        try await withSimulator { simulator in
            let bench = try await bench(simulator)
            let state = try #require(await bench.send(.POST, "/v1alpha/sessions", order).id)
            let activities = try #require(await bench.send(.POST, "/v1alpha/sessions", order).id)
            for _ in 0..<2 {
                _ = await bench.send(.GET, "/v1alpha/sessions/\(state)")
                _ = await bench.send(.GET, "/v1alpha/sessions/\(activities)/activities")
            }
            #expect(bench.repeatedReads.watched == [state])
            #expect(bench.repeatedReads.followed == [activities])
        }
    }

    @Test(
        "A resource that cannot exist is refused without a request to the API",
        arguments: [
            "/sessions/a%2Fb", "/sessions/%3A", "/sessions/a%2Fb/activities", "/sources/x%20y", "/sources/github/../x",
            "/sessions?pageToken=bogus", "/sessions?filter=state%3DX", "/sessions?fields=bogus", "/sessions?x=1",
            "/sessions/1/activities?filter=x", "/sessions/1/activities?pageToken=x", "/scheduledSessions",
            "/sessions/1/plan",
        ])
    func impossible(target: String) async throws {
        try await withSimulator { simulator in
            let bench = try await bench(simulator)
            let before = simulator.withAccount { $0.requests.counts.values.reduce(0, +) }
            let answer = await bench.send(.GET, "/v1alpha" + target)
            #expect([400, 404].contains(answer.status))
            #expect(simulator.withAccount { $0.requests.counts.values.reduce(0, +) } == before)
        }
    }

    @Test("A list is answered 503 until the account was read for the first time")
    func baseline() async throws {
        try await withSimulator({ $0.sessions = 3 }) { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let answer = await bench.send(.GET, "/v1alpha/sessions")
            #expect(answer.status == 503 && answer.headers.first(name: "retry-after") == "1")
            #expect(answer.json["error"]?["status"] == "UNAVAILABLE")
        }
    }

    @Test(
        "Errors of the API pass unchanged, and its silence becomes a 5xx in Google's form",
        arguments: [
            (.status(429, html: false, .seconds(7)), 429, "RESOURCE_EXHAUSTED"),
            (.status(403, html: false, .none), 403, "PERMISSION_DENIED"),
            (.status(500, html: false, .none), 500, "INTERNAL"), (.status(503, html: true, .none), 503, "UNAVAILABLE"),
            (.reset, 503, "UNAVAILABLE"),
        ] as [(Fault.Kind, Int, String)])
    func errors(kind: Fault.Kind, status: Int, canonical: String) async throws {
        try await withSimulator { simulator in
            let bench = try await bench(simulator)
            simulator.add(Fault(kind: kind, operation: .getSession, count: 9))
            let answer = await bench.send(.GET, "/v1alpha/sessions/999")
            #expect(answer.status == status)
            #expect(answer.json["error"]?["status"]?.string == canonical)
            #expect(answer.json["error"]?["code"]?.int == status)
            if status == 429 {
                #expect(answer.headers.first(name: "retry-after") == "7")
                #expect(answer.json["error"]?["details"]?.array?.first?["retryDelay"] == "7s")
            }
        }
    }
}

@Suite("Repeated creations by tools", .timeLimit(.minutes(1)))
struct SecondTryTests {
    @Test("A creation that was answered 5xx and is repeated makes one session", arguments: [true, false])
    func unavailable(executed: Bool) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            // The list fails too, so that the daemon cannot look for the session.
            simulator.add(
                Fault(kind: .status(503, html: false, .none), operation: .createSession, count: 1, executed: executed))
            simulator.add(Fault(kind: .status(503, html: false, .none), operation: .listSessions, count: 9))
            let first = await bench.send(.POST, "/v1alpha/sessions", order)
            #expect(first.status == 503)
            simulator.withAccount { $0.faults.clear() }
            let second = await bench.send(.POST, "/v1alpha/sessions", order)
            #expect(second.status == 200)
            #expect(second.id.map { [$0] } == Array(simulator.ids))
            // It was answered, so the same text is a new task from now on.
            #expect(await bench.send(.POST, "/v1alpha/sessions", order).id != second.id)
            #expect(simulator.ids.count == 2)
        }
    }

    @Test(
        "A client that gave up gets the same session when it asks again, during the first attempt and after it"
    )
    func gaveUp() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            simulator.add(Fault(kind: .delay(.milliseconds(400)), operation: .createSession, count: 1, executed: true))
            async let first = bench.send(.POST, "/v1alpha/sessions", order, during: { $0.presence.leave() })
            while simulator.count(.createSession) == 0 { try await Task.sleep(for: .milliseconds(2)) }
            async let second = bench.send(.POST, "/v1alpha/sessions", order, during: { $0.presence.leave() })
            let ids = await [first.id, second.id]
            let third = await bench.send(.POST, "/v1alpha/sessions", order)
            #expect(Set(ids + [third.id]).count == 1)
            #expect(simulator.ids.count == 1)
        }
    }

    @Test("The same creation sent several times at once makes as many sessions")
    func parallel() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let ids = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<4 { group.addTask { await bench.send(.POST, "/v1alpha/sessions", order).id } }
                return await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(ids.count == 4 && simulator.ids.count == 4)
        }
    }

    @Test("A second attempt is recognised after a restart, but only for ten minutes")
    func memory() async throws {
        try await withSimulator { simulator in
            let folder = try TemporaryFolder()
            let clock = ManualClock(.now)
            let store = StoreLocation.file(path: "\(folder.path)/sessions.sqlite")
            let bench = try await DaemonFixture(simulator.baseURL, store: store, clocks: clock.read)
            let first = await bench.send(.POST, "/v1alpha/sessions", order, during: { $0.presence.leave() })
            await bench.store.close()
            let later = try await DaemonFixture(simulator.baseURL, store: store, clocks: clock.read)
            let second = await later.send(.POST, "/v1alpha/sessions", order, during: { $0.presence.leave() })
            #expect(second.id == first.id)
            clock.advance(by: .seconds(601))
            #expect(await later.send(.POST, "/v1alpha/sessions", order).id != first.id)
            await later.store.close()
        }
    }

    @Test("Places are given from the lowest one on, and only their holder returns them")
    func places() {
        var places = RetryPlaces()
        let first = places.take("a")
        let second = places.take("a")
        #expect(first.number == 0 && second.number == 1 && places.take("b").number == 0)
        places.release("a", first)
        let third = places.take("a")
        #expect(third.number == 0)
        places.release("a", first)
        #expect(places.take("a").number == 2)
    }
}

@Suite("Repeated reads by tools", .timeLimit(.minutes(2)))
struct ReadingTurnsTests {
    @Test("A session read twice within a minute is followed until a minute after the last read")
    func window() {
        var turns = ReadingTurns()
        #expect(turns.note("1", at: .zero) == .once)
        #expect(turns.note("1", at: .seconds(61)) == .once)
        #expect(turns.followed(at: .seconds(61)) == [])
        #expect(turns.note("1", at: .seconds(70)) == .begins)
        #expect(turns.note("1", at: .seconds(120)) == .goesOn)
        #expect(turns.followed(at: .seconds(180)) == ["1"])
        #expect(turns.followed(at: .seconds(181)) == [])
    }

    @Test("At most fifty sessions are followed, and two thousand are remembered")
    func bounds() {
        var turns = ReadingTurns()
        for id in 0..<3000 { _ = turns.note("\(id)", at: .zero) }
        for id in 0..<3000 { _ = turns.note("\(id)", at: .seconds(1)) }
        #expect(turns.followed(at: .seconds(1)).count == ReadingTurns.most)
        #expect(turns.note("new", at: .seconds(62)) == .once)
        #expect(turns.note("new", at: .seconds(63)) == .begins)
    }

    @Test(
        "A page token of activities is read as it was written",
        arguments: [
            "1787346421522664000", "1787346421522664000.7c1d0f", "u.opaque=text",
        ])
    func activityTokens(text: String) {
        #expect(ActivityPageToken(text)?.text == text)
    }

    @Test(
        "Any other text is not a page token of activities",
        arguments: ["", "x", "-1", "1.", "1.a/b", "99999999999999999999", "+1"])
    func notActivityTokens(text: String) {
        #expect(ActivityPageToken(text) == nil)
    }

    @Test("Sources continue after the last one sent, or at its place if it is gone")
    func sourceTokens() {
        let token = SourcePageToken(index: 4, last: "sources/github/acme/harbor")
        #expect(SourcePageToken(token.text) == token)
        #expect(SourcePageToken("Cg") == nil && SourcePageToken("x") == nil)
    }
}
