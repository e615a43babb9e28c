// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("Account of a key", .timeLimit(.minutes(2)))
struct AccountCheckTests {
    /// A key that replaces `old`, and the result for the sessions `1` and `2`, which `old` has shown.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var key = "new"
        /// The sessions that the key shows, page by page.
        let pages: [[String]]
        /// The stored sessions that are reported as deleted.
        var deleted: Set<String> = []
        var refused = false
    }

    @Test(
        "Any one stored session on any page shows that the key belongs to the account",
        arguments: [
            Case(testDescription: "a new key of the same account", pages: [["2", "1"]]),
            Case(
                testDescription: "a new key, and the one session left is on the last page",
                pages: [["4"], ["3"], ["1"]], deleted: ["2"]),
            Case(testDescription: "a key of another account", pages: [["9", "8"], ["7"]], refused: true),
            Case(testDescription: "a key of an empty account", pages: [[]], refused: true),
            Case(
                testDescription: "the known key of an account that is empty now", key: "old", pages: [[]],
                deleted: ["1", "2"]),
            Case(
                testDescription: "the known key of an account with new sessions only", key: "old", pages: [["3"]],
                deleted: ["1", "2"]),
        ], [true, false])
    func tell(change: Case, byReload: Bool) async throws {
        let folder = try TemporaryFolder()
        let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
        let jules = try await Jules(["old": [["2", "1"]]])
        var bench = try await DaemonFixture(jules.url, key: "old", store: store)
        try await bench.store.markBaseline()
        try await bench.readList()
        let head = bench.store.head.seq
        if byReload {
            jules.pages = [change.key: change.pages]
            bench.upstream.apply(
                client: DaemonFixture.client(jules.url, key: change.key), budget: 100_000, interval: .milliseconds(20))
            await bench.upstream.account.check()
        } else {
            await bench.store.close()
            jules.pages = [change.key: change.pages]
            bench = try await DaemonFixture(jules.url, key: change.key, store: store)
        }
        try await bench.polling { [bench] in
            if change.refused {
                #expect(await bench.send(.GET, "/api/sessions/1?refresh=1").error == "jules_auth_failed")
                #expect(await bench.send(.DELETE, "/api/sessions/1").error == "jules_auth_failed")
                #expect(bench.turns == [.otherAccount(.otherAccount(kept: 2))])
            } else {
                #expect(await bench.send(.GET, "/api/sessions/none").status == 404)
                var deleted: Set<String> = []
                while deleted != change.deleted, let delta = await bench.delta({ $0.change == .deleted }) {
                    deleted.insert(delta.sessionID)
                }
            }
        }
        let known = try await bench.store.sessionIDs(createdAfter: nil, includingArchived: true)
        #expect(known.intersection(["1", "2"]) == Set(["1", "2"]).subtracting(change.deleted))
        if change.refused { #expect(bench.store.head.seq == head) }
        #expect(
            try await bench.store.account()
                == DaemonFixture.client(jules.url, key: change.refused ? "old" : change.key).identity)
        await bench.store.close()
    }

    @Test("For an empty store the account is not checked, because any key may fill it")
    func emptyStore() async throws {
        let jules = try await Jules(["a": [[]], "b": [["1"]]])
        let bench = try await DaemonFixture(jules.url, key: "a")
        bench.upstream.apply(
            client: DaemonFixture.client(jules.url, key: "b"), budget: 100_000, interval: .milliseconds(20))
        await bench.upstream.account.check()
        #expect(jules.asked == 0)
        try await bench.readList()
        #expect(try await bench.store.sessionIDs(createdAfter: nil, includingArchived: true) == ["1"])
    }

    @Test("The account is checked when Jules answers, and until then nothing else is requested")
    func outage() async throws {
        let jules = try await Jules(["old": [["1"]]])
        let bench = try await DaemonFixture(jules.url, key: "old")
        try await bench.readList()
        jules.pages = [:]
        let asked = jules.asked
        bench.upstream.apply(
            client: DaemonFixture.client(jules.url, key: "new"), budget: 100_000, interval: .milliseconds(20))
        async let check: Void = bench.upstream.account.check()
        async let answer = bench.send(.GET, "/api/sessions/1?refresh=1")
        while jules.asked < asked + 3 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(jules.lines.allSatisfy { $0 == "GET /sessions" })
        jules.pages = ["new": [["1"]]]
        await check
        #expect(await answer.status == 200)
    }

    @Test("The account is checked again after a while, so a session that returns is enough")
    func again() async throws {
        let jules = try await Jules(["old": [["1"]], "new": [["9"]]])
        var times = DaemonFixture.quick
        times.walkInterval = .milliseconds(50)
        let bench = try await DaemonFixture(jules.url, key: "old", times: times)
        try await bench.readList()
        bench.upstream.apply(
            client: DaemonFixture.client(jules.url, key: "new"), budget: 100_000, interval: .milliseconds(20))
        let checking = Task { await bench.upstream.account.run() }
        defer { checking.cancel() }
        while bench.turns.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        jules.pages = ["new": [["9", "1"]]]
        while bench.turns.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        guard case .back = bench.turns[1] else {
            Issue.record("\(bench.turns)")
            return
        }
        #expect(await bench.send(.GET, "/api/sessions/1?refresh=1").status == 200)
    }

    @Test("If the result could not be stored, the next start checks again")
    func unnoted() async throws {
        let folder = try TemporaryFolder()
        let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
        let jules = try await Jules(["old": [["1"]], "new": [["1"]]])
        let first = try await DaemonFixture(jules.url, key: "old", store: store)
        try await first.readList()
        try await first.failWrites()
        first.upstream.apply(
            client: DaemonFixture.client(jules.url, key: "new"), budget: 100_000, interval: .milliseconds(20))
        await first.upstream.account.check()
        #expect(first.upstream.gate.unknownKey == nil)
        try await first.failWrites(false)
        await first.store.close()
        let asked = jules.asked
        let second = try await DaemonFixture(jules.url, key: "new", store: store)
        #expect(jules.asked == asked + 1)
        #expect(try await second.store.account() == DaemonFixture.client(jules.url, key: "new").identity)
        await second.store.close()
    }

    @Test("Readiness does not check the account again")
    func readiness() async throws {
        let jules = try await Jules(["old": [["1"]], "new": [["9"]]])
        let bench = try await DaemonFixture(jules.url, key: "old")
        try await bench.readList()
        bench.upstream.apply(
            client: DaemonFixture.client(jules.url, key: "new"), budget: 100_000, interval: .milliseconds(20))
        await bench.upstream.account.check()
        let asked = jules.asked
        #expect(await bench.upstream.probe.ask().trouble == .otherAccount(kept: 1))
        #expect(jules.asked == asked)
    }
}

/// An API with one account per key. An unknown key is answered 503.
private final class Jules: Sendable {
    private let accounts: Accounts
    private let server: ScriptedServer

    var url: String { server.url }
    var asked: Int { server.requests.count }
    var lines: [String] { server.requests.map(\.line) }

    /// The ids of the sessions of each key, page by page.
    var pages: [String: [[String]]] {
        get { accounts.pages.withLock { $0 } }
        set { accounts.pages.withLock { $0 = newValue } }
    }

    init(_ pages: [String: [[String]]]) async throws {
        let accounts = Accounts(pages)
        self.accounts = accounts
        server = try await ScriptedServer { accounts.answer($0) }
    }

    private final class Accounts: Sendable {
        let pages: Mutex<[String: [[String]]]>

        init(_ pages: [String: [[String]]]) { self.pages = Mutex(pages) }

        func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
            guard let pages = pages.withLock({ $0[request.headers.first(name: "x-goog-api-key") ?? ""] }) else {
                return .error(503, "UNAVAILABLE")
            }
            let parts = request.path.split(separator: "/").map(String.init)
            guard parts.count > 1 else { return list(pages, request.query["pageToken"].flatMap { Int($0) } ?? 0) }
            guard pages.joined().contains(parts[1]) else { return .error(404, "NOT_FOUND") }
            return .json(parts.count > 2 ? "{}" : text(parts[1]))
        }

        private func list(_ pages: [[String]], _ number: Int) -> ScriptedServer.Answer {
            let next = number + 1 < pages.count ? #","nextPageToken":"\#(number + 1)""# : ""
            return .json(#"{"sessions":[\#(pages[number].map(text).joined(separator: ","))]\#(next)}"#)
        }

        private func text(_ id: String) -> String {
            String(decoding: session(id, created: Int(id) ?? 0).body, as: UTF8.self)
        }
    }
}
