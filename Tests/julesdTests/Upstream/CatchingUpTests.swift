// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("Catching up", .timeLimit(.minutes(2)))
struct CatchingUpTests {
    @Test("A poll reads further pages as long as they bring only changes", arguments: [250, 700])
    func burst(count: Int) async throws {
        let account = Account(0..<10)
        let server = try await account.serve()
        let bench = try await DaemonFixture(server.url)
        try await bench.polling {
            try await server.awaitLists(2)
            account.add(10..<10 + count)
            var missing = Set((10..<10 + count).map { "\($0)" })
            while !missing.isEmpty, let delta = await bench.delta({ $0.change == .created }) {
                missing.remove(delta.sessionID)
            }
            #expect(missing.isEmpty)
        }
    }

    @Test("A start reads the whole account again, and finds changes from the time when the daemon was off")
    func restart() async throws {
        let folder = try TemporaryFolder()
        let account = Account(0..<300)
        let server = try await account.serve()
        let store = StoreLocation.file(path: "\(folder.path)/sessions.sqlite")
        let first = try await DaemonFixture(server.url, store: store)
        try await first.polling { try await server.awaitLists(5) }
        #expect(try await first.store.hasBaseline())
        await first.store.close()
        account.end("7")
        let second = try await DaemonFixture(server.url, store: store)
        let delta = try await second.polling { await second.delta { $0.sessionID == "7" } }
        #expect(delta?.finished == true)
        await second.store.close()
    }

    @Test("If a restart comes before a changed session's activities were read, the next run reads them once")
    func restartBeforeActivities() async throws {
        let folder = try TemporaryFolder()
        let account = Account(0..<3)
        let server = try await account.serve()
        let store = StoreLocation.file(path: "\(folder.path)/sessions.sqlite")
        let first = try await DaemonFixture(server.url, store: store)
        try await first.store.markBaseline()
        try await first.readList()
        #expect(try await first.store.sessionsWithUnreadActivities() == ["0", "1", "2"])
        await first.store.close()
        let second = try await DaemonFixture(server.url, store: store)
        try await second.polling {
            for id in 0..<3 { try await server.awaitRequest { $0.path == "/sessions/\(id)/activities" } }
            while try await !second.store.sessionsWithUnreadActivities().isEmpty {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        await second.store.close()
    }

    @Test("Activities whose reading began before the newest change are read again")
    func changeDuringReading() async throws {
        let store = try await TestStore.open(now: .now)
        try await store.record([session("1")], as: .live, at: .now)
        let mark = try #require(try await store.unreadMark(of: "1"))
        try await store.record([session("1", title: "b")], as: .live, at: .now)
        try await store.clearUnreadMark(mark, of: "1")
        #expect(try await store.sessionsWithUnreadActivities() == ["1"])
        try await store.clearUnreadMark(try await store.unreadMark(of: "1"), of: "1")
        #expect(try await store.sessionsWithUnreadActivities().isEmpty)
        // The baseline makes no deltas, so no activities have to be read for it.
        try await store.record([session("2")], as: .baseline, at: .now)
        #expect(try await store.sessionsWithUnreadActivities().isEmpty)
    }

    @Test("A page that is too large is read in smaller ones, and Jules does not count as unavailable")
    func largePage() async throws {
        let account = Account(0..<25)
        account.largest = 10
        let server = try await account.serve()
        let bench = try await DaemonFixture(server.url)
        try await bench.polling {
            try await server.awaitLists(5)
            account.end("20")
            #expect(await bench.delta { $0.sessionID == "20" }?.finished == true)
        }
        #expect(bench.turns.isEmpty)
        #expect(try await bench.store.sessionIDs(createdAfter: nil, includingArchived: true).count == 25)
    }

    @Test("Attempts for unreadable activities end, and Jules does not count as unavailable")
    func failingActivities() async throws {
        let account = Account(0..<3)
        account.failing = ["/sessions/1/activities"]
        let server = try await account.serve()
        let bench = try await DaemonFixture(server.url)
        try await bench.polling {
            try await server.awaitLists(2)
            account.end("1")
            try await server.awaitRequest { $0.path == "/sessions/1/activities" }
            account.end("2")
            // If one cannot be read, the others do not wait.
            try await server.awaitRequest { $0.path == "/sessions/2/activities" }
            try await server.awaitTries("/sessions/1/activities")
        }
        #expect(bench.turns.isEmpty)
    }

    @Test("Attempts for an unreadable session end, and Jules does not count as unavailable")
    func failingSession() async throws {
        let account = Account(0..<300)
        account.failing = ["/sessions/1"]
        let server = try await account.serve()
        let bench = try await DaemonFixture(server.url)
        account.archiveAll(but: ["1", "299"])
        try await bench.polling {
            try await server.awaitRequest { $0.path == "/sessions/1" }
            try await server.awaitTries("/sessions/1")
        }
        #expect(bench.turns.isEmpty)
    }

    @Test("Activities are answered from the copy within POLL_INTERVAL, but not for an approval")
    func recentActivities() async throws {
        let account = Account(0..<1)
        let server = try await account.serve()
        let bench = try await DaemonFixture(server.url, interval: .seconds(3600))
        try await bench.readList()
        for _ in 0..<3 { #expect(await bench.send(.GET, "/api/sessions/0/activities").status == 200) }
        #expect(server.requests.count { $0.path == "/sessions/0/activities" } == 1)
        _ = await bench.send(.POST, "/api/sessions/0/approve", #"{"planId":"p"}"#)
        #expect(server.requests.count { $0.path == "/sessions/0/activities" } == 2)
        let impatient = try await DaemonFixture(server.url, interval: .zero)
        try await impatient.readList()
        for _ in 0..<2 { _ = await impatient.send(.GET, "/api/sessions/0/activities") }
        #expect(server.requests.count { $0.path == "/sessions/0/activities" } == 4)
    }

    @Test("Sources are read once in ten minutes, and never in part")
    func sources() async throws {
        let pages = Mutex(0)
        let server = try await ScriptedServer { request in
            pages.withLock { $0 += 1 }
            return request.query["pageToken"] == nil
                ? .json(#"{"sources":[{"name":"a"}],"nextPageToken":"2"}"#) : .json(#"{"sources":[{"name":"b"}]}"#)
        }
        let bench = try await DaemonFixture(server.url)
        for _ in 0..<2 {
            #expect(await bench.send(.GET, "/api/sources").json["sources"]?.array?.count == 2)
        }
        #expect(pages.withLock { $0 } == 2)
        let endless = try await ScriptedServer { _ in .json(#"{"sources":[{"name":"a"}],"nextPageToken":"2"}"#) }
        let other = try await DaemonFixture(endless.url)
        #expect(await other.send(.GET, "/api/sources").error == "jules_unavailable")
    }
}

/// An account of sessions with numbers as ids, newest first.
private final class Account: Sendable {
    fileprivate struct State {
        var sessions: [Int: (state: String, archived: Bool)] = [:]
        var failing: Set<String> = []
        var largest = 100
    }

    private let state = Mutex(State())

    init(_ ids: Range<Int>) { add(ids) }

    /// Paths that are answered with 500.
    var failing: Set<String> {
        get { state.withLock(\.failing) }
        set { state.withLock { $0.failing = newValue } }
    }

    /// Longer pages get an answer that cannot be parsed.
    var largest: Int {
        get { state.withLock(\.largest) }
        set { state.withLock { $0.largest = newValue } }
    }

    func add(_ ids: Range<Int>) {
        state.withLock { state in for id in ids { state.sessions[id] = ("IN_PROGRESS", false) } }
    }

    func end(_ id: String) { state.withLock { $0.sessions[Int(id) ?? 0]?.state = "COMPLETED" } }

    func archiveAll(but ids: Set<String>) {
        state.withLock { state in
            for id in state.sessions.keys where !ids.contains("\(id)") { state.sessions[id] = ("COMPLETED", true) }
        }
    }

    func serve() async throws -> ScriptedServer {
        try await ScriptedServer { [self] request in state.withLock { $0.answer(request) } }
    }
}

extension Account.State {
    fileprivate func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
        let parts = request.path.split(separator: "/")
        if failing.contains(request.path) { return .error(500, "INTERNAL") }
        guard parts.count > 1 else { return list(request.query) }
        if parts.count > 2 { return .json("{}") }
        guard let id = Int(parts[1]), sessions[id] != nil else { return .error(404, "NOT_FOUND") }
        return .json(text(id))
    }

    private func list(_ query: HTTPQuery) -> ScriptedServer.Answer {
        let size = query["pageSize"].flatMap { Int($0) } ?? 30
        guard size <= largest else { return .json("{") }
        let before = query["pageToken"].flatMap { Int($0) } ?? .max
        let rest = sessions.keys.filter { $0 < before }.sorted(by: >)
        let page = rest.prefix(size)
        let next = rest.count > size ? #","nextPageToken":"\#(page.last ?? 0)""# : ""
        return .json(#"{"sessions":[\#(page.map(text).joined(separator: ","))]\#(next)}"#)
    }

    private func text(_ id: Int) -> String {
        let (state, archived) = sessions[id] ?? ("", false)
        let more = archived ? #","archived":true"# : ""
        return String(decoding: session("\(id)", state: state, created: id, more: more).body, as: UTF8.self)
    }
}

extension ScriptedServer {
    /// Waits for `count` more lists.
    fileprivate func awaitLists(_ count: Int) async throws {
        for _ in 0..<count { try await awaitRequest { $0.path == "/sessions" } }
    }

    fileprivate func awaitRequest(_ fits: (Request) -> Bool) async throws {
        for await request in arrivals where fits(request) { return }
    }

    /// Checks that the attempts for `path` end: the allowed number is made, and no more during many polls.
    fileprivate func awaitTries(_ path: String) async throws {
        var polls = 0
        var tries = requests.count { $0.path == path }
        while polls < 30 {
            try await awaitLists(1)
            let now = requests.count { $0.path == path }
            polls = now == tries ? polls + 1 : 0
            tries = now
        }
        #expect(tries == UnreadableSessions.tries)
    }
}
