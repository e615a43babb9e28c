// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import julesd

@Suite("Lists of sessions are read once", .timeLimit(.minutes(2)))
struct SessionListTests {
    private let lists = SessionListCache()

    private func position(_ writes: Int, seq: Int64 = 1) -> StorePosition {
        StorePosition(writes: writes, head: LogHead(epoch: "e", seq: seq))
    }

    @Test("An answer is kept for its query while the store does not change")
    func kept() {
        let body = SharedBody([1])
        lists.keep(body, of: SessionQuery(), at: position(1))
        #expect(lists.body(of: SessionQuery(), at: position(1)) === body)
        #expect(lists.body(of: SessionQuery(limit: 10), at: position(1)) == nil)
        #expect(lists.body(of: SessionQuery(), at: position(2)) == nil)
        #expect(lists.body(of: SessionQuery(), at: position(1, seq: 2)) == nil)
    }

    @Test("An answer that was read before a change is never given after it")
    func late() {
        lists.keep(SharedBody([2]), of: SessionQuery(), at: position(2))
        lists.keep(SharedBody([1]), of: SessionQuery(limit: 1), at: position(1))
        #expect(lists.body(of: SessionQuery(limit: 1), at: position(2)) == nil)
    }

    @Test("The kept answers have a bounded size")
    func bounded() {
        let large = SharedBody([UInt8](repeating: 0, count: SessionListCache.capacity + 1))
        lists.keep(large, of: SessionQuery(), at: position(1))
        #expect(lists.body(of: SessionQuery(), at: position(1)) == nil)
        let half = SharedBody([UInt8](repeating: 0, count: SessionListCache.capacity / 2))
        for limit in 1...3 { lists.keep(half, of: SessionQuery(limit: limit), at: position(1)) }
        let kept = (1...3).filter { lists.body(of: SessionQuery(limit: $0), at: position(1)) != nil }
        #expect(kept == [3])
    }

    @Test("A list shows each change from the moment when it was told of, and also changes that nobody is told of")
    func fresh() async throws {
        let count = Mutex(3)
        let server = try await ScriptedServer { _ in
            let ids = (0..<count.withLock(\.self)).reversed()
            let bodies = ids.map { String(decoding: session("\($0)", created: $0).body, as: UTF8.self) }
            return .json(#"{"sessions":[\#(bodies.joined(separator: ","))]}"#)
        }
        let bench = try await DaemonFixture(server.url)
        try await bench.readList()
        for number in 4...6 {
            let before = await bench.send(.GET, "/api/sessions")
            let again = await bench.send(.GET, "/api/sessions")
            #expect(again.body == before.body && again.headers["etag"] == before.headers["etag"])
            count.withLock { $0 = number }
            try await bench.readList()
            let after = await bench.send(.GET, "/api/sessions").json
            #expect(after["sessions"]?.array?.count == number)
            #expect(after["seq"]?.int == Int(bench.store.head.seq))
        }
        try await bench.store.write { try $0.run("UPDATE session SET archived = 1 WHERE id = '0'") }
        #expect(await bench.send(.GET, "/api/sessions").json["sessions"]?.array?.count == 5)
        await bench.store.close()
    }
}
