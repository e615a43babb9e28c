// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

@Suite("The queue of several instances", .timeLimit(.minutes(2)))
struct SharedQueueTests {
    @Test("An instance whose own clock is an hour off does not start a task again that another one was starting")
    func clockOff() async throws {
        let uri = try PostgreSQLServer.database()
        try await withSimulator { simulator in
            let first = try await DaemonFixture(simulator.baseURL, sharing: uri)
            // Now the clock of the server is ahead of this machine's.
            try PostgreSQLConnection(uri: uri, application: "beside").execute(
                "UPDATE log SET steady = \(ServerTime.sql) + 3600000000000")
            let order = #"{"prompt":"Retry uploads.","repo":"acme/harbor","branch":"main","queue":true}"#
            let id = try #require(await first.send(.POST, "/api/sessions", order).id)
            #expect(try await first.queue.store.begin(id))
            let entry = try #require(try await first.queue.store.entry(id))
            let request = try #require(try await first.queue.store.request(of: id))
            let now = first.store.wallNow
            try await first.store.begin(
                entry.key(of: request), RequestAttempt(owner: entry.key, began: now, tried: now, known: []),
                forgettingBefore: Timestamp(nanoseconds: 0))
            await first.store.close()
            let second = try await DaemonFixture(simulator.baseURL, sharing: uri)
            try await second.queue.store.recover()
            try await second.readList()
            second.upstream.reading.note(askedAt: .monotonic)
            while try await second.queue.step() == .zero {}
            #expect(simulator.ids.isEmpty)
            #expect(try await second.queue.store.entry(id)?.state == .waiting)
            await second.store.close()
        }
    }
}
