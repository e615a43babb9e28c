// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import julesd

/// An account with one session. Each change makes the store fail before it is answered.
private final class DiskFiller: Sendable {
    private let fill = Mutex<@Sendable () async -> Void>({})
    private let server = Mutex<ScriptedServer?>(nil)
    /// The answer to actions that return the session; `nil` for the session itself.
    private let reply: String?

    static let session = #"""
        {"name":"sessions/1","id":"1","prompt":"p","title":"t","state":"IN_PROGRESS","createTime":"\#(
            Timestamp.now.rfc3339Exact)"}
        """#.split(separator: "\n").joined()

    init(reply: String? = nil) { self.reply = reply }

    func start(store: StoreLocation = .memory()) async throws -> DaemonFixture {
        let server = try await ScriptedServer { [weak self] request in
            guard let self else { return .hangUp }
            if request.method != .GET { await fill.withLock { $0 }() }
            switch (request.method, request.path) {
            case (.GET, "/sessions"): return .json(#"{"sessions":[\#(Self.session)]}"#)
            case (.GET, "/sessions/1/activities"): return .json("{}")
            case (.POST, "/sessions/1:approvePlan"), (.POST, "/sessions/1:sendMessage"): return .json("{}")
            case (.POST, "/sessions/1:archive"), (.POST, "/sessions/1:unarchive"): return .json(reply ?? Self.session)
            case (.DELETE, _): return .json("{}")
            default: return .json(Self.session)
            }
        }
        self.server.withLock { $0 = server }
        let bench = try await DaemonFixture(server.url, store: store)
        fill.withLock { $0 = { try? await bench.failWrites() } }
        return bench
    }

    /// The number of requests so far that were not reads.
    var changes: Int { server.withLock { $0?.requests.count { $0.method != .GET } ?? 0 } }
}

@Suite("A store that fails after the API has done what was asked", .timeLimit(.minutes(1)))
struct AfterTheActTests {
    private let order = #"{"prompt":"p"}"#

    @Test(
        "A creation is answered 201, and the poller adds the session to the feed when the store works again",
        .ofSQLite)
    func created() async throws {
        let account = DiskFiller()
        let bench = try await account.start()
        let answer = await bench.send(.POST, "/api/sessions", order)
        #expect(answer.status == 201)
        #expect(answer.id == "1")
        try await bench.failWrites(false)
        try await bench.readList()
        #expect(await bench.delta { $0.change == .created }?.sessionID == "1")
    }

    @Test("The same Idempotency-Key gets the same answer and creates nothing more, also after a restart")
    func keyed() async throws {
        let folder = try TemporaryFolder()
        let store = StoreLocation.file(path: folder.path + "/sessions.sqlite")
        let account = DiskFiller()
        let bench = try await account.start(store: store)
        let send = { (bench: DaemonFixture) in
            await bench.send(.POST, "/api/sessions", order, headers: ["idempotency-key": "k-1"])
        }
        let first = await send(bench)
        #expect(first.status == 201)
        for _ in 1...3 { #expect(await send(bench).body == first.body) }
        #expect(account.changes == 1)
        // The store saves it when it works again, without another request.
        try await bench.failWrites(false)
        try await bench.awaitAnswer(underKey: "k-1")
        await bench.store.close()
        let after = try await account.start(store: store)
        #expect(await send(after).body == first.body)
        #expect(account.changes == 0)
        await after.store.close()
    }

    @Test(
        "Every other action is answered as done",
        arguments: [
            (.POST, "/archive", 200, nil), (.POST, "/archive", 200, "{}"), (.POST, "/archive", 200, "[]"),
            (.POST, "/unarchive", 200, nil), (.POST, "/approve", 200, nil), (.DELETE, "", 204, nil),
        ] as [(HTTPMethod, String, Int, String?)])
    func others(method: HTTPMethod, verb: String, status: Int, reply: String?) async throws {
        let account = DiskFiller(reply: reply)
        let bench = try await account.start()
        try await bench.readList()
        let answer = await bench.send(method, "/api/sessions/1\(verb)")
        #expect(answer.status == status)
        #expect(status == 204 || answer.id == "1")
        #expect(account.changes == 1)
    }

    @Test("A message is answered as sent")
    func message() async throws {
        let account = DiskFiller()
        let bench = try await account.start()
        try await bench.readList()
        let answer = await bench.send(.POST, "/api/sessions/1/message", #"{"message":"m"}"#)
        #expect(answer.status == 200)
        #expect(account.changes == 1)
    }
}
