// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite("Followers", .timeLimit(.minutes(5)))
struct FollowerTests {
    @Test("A client that reads nothing is disconnected, and another one gets every change")
    func slowFollower() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        try await withDaemon(Launch(jules, notify: notify)) { daemon in
            let address = try await daemon.address()
            try await daemon.event("the account has been read")
            let quick = try await FeedClient(address)
            var seq = try #require(try await quick.next("hello")["seq"]?.int)
            let slow = try await FeedClient(address, reads: false, receiveBuffer: 4096)
            try await notify.message(with: ["STATUS": nil]) { $0["STATUS"]?.contains("2 clients") ?? false }
            let id = jules.first.id
            let rounds = 24
            for round in 1...rounds {
                jules.update { account in
                    // A delta contains the session twice: together these are about five megabytes.
                    account.change(id) { $0.prompt = String(repeating: "\(round % 10)", count: 100_000) }
                }
                let update = try await quick.next("session_update")
                let first = update["delta"]?.array?.first?["seq"]?.int
                #expect(first == seq + 1)
                seq = try #require(update["seq"]?.int)
            }
            try await slow.connection.read()
            try await slow.shakeHands()
            var received = 0
            var code: Int?
            do {
                while true {
                    if case .close(let reason) = try await slow.next() {
                        code = reason
                        break
                    }
                    received += 1
                }
            } catch is ConnectionEndedError {}
            #expect(received < rounds, "the hello and some of the changes at most")
            #expect(code == nil || code == 4002)
        }
    }

    @Test("A long poll answers at the next change, or without changes after its timeout")
    func longPoll() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            let head = try #require(try await http.get("/api/deltas").json["seq"]?.int)
            let empty = try await http.get("/api/deltas?since=\(head)&wait=1").json
            #expect(empty["deltas"] == [])
            #expect(empty["nextSince"]?.int == head)
            async let waiting = http.get("/api/deltas?since=\(head)&wait=3600")
            try await jules.awaitPoll()
            let added = jules.update { $0.add() }
            let page = try await waiting.json
            #expect(page["deltas"]?.array?.first?["id"]?.string == added.id)
            #expect(page["nextSince"]?.int == head + 1)
        }
    }

    @Test("An event stream continues after Last-Event-ID, whatever the query says")
    func eventStream() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let address = try await daemon.address()
            try await daemon.event("the account has been read")
            let first = try await EventStreamClient(address)
            #expect(first.head.contains("text/event-stream"))
            #expect(first.head.contains("cache-control: no-store, no-transform\r\n"))
            #expect(first.head.contains("x-accel-buffering: no"))
            let hello = try await first.next()
            #expect(hello.name == "hello")
            let head = try #require(try hello.json["seq"]?.int)
            var ids: [String] = []
            for _ in 1...3 {
                let added = jules.update { $0.add() }
                let event = try await first.next()
                #expect(event.name == "session_update")
                #expect(try event.json["delta"]?.array?.first?["id"]?.string == added.id)
                ids.append(try #require(event.id))
            }
            #expect(ids == (1...3).map { String(head + $0) })
            await first.connection.close()

            // The header counts before lastEventId, and lastEventId before since.
            let byQuery = try await EventStreamClient(address, "?since=\(head)&lastEventId=\(ids[1])")
            #expect(try await byQuery.next().name == "hello")
            #expect(try await byQuery.next().json["delta"]?.array?.map { $0["seq"]?.int } == [head + 3])
            await byQuery.connection.close()

            let second = try await EventStreamClient(
                address, "?since=\(head)&lastEventId=\(ids[1])", lastEventID: ids[0])
            #expect(try await second.next().name == "hello")
            let missed = try await second.next()
            #expect(missed.id == ids[2])
            #expect(try missed.json["delta"]?.array?.map { $0["seq"]?.int } == [head + 2, head + 3])
            let added = jules.update { $0.add() }
            let live = try await second.next()
            #expect(try live.json["delta"]?.array?.first?["id"]?.string == added.id)
        }
    }

    @Test("All three channels send the same changes")
    func sameOnAll() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let address = try await daemon.address()
            try await daemon.event("the account has been read")
            let socket = try await FeedClient(address)
            let stream = try await EventStreamClient(address)
            let head = try #require(try await socket.next("hello")["seq"]?.int)
            _ = try await stream.next()
            jules.update { account in for _ in 1...3 { account.add() } }
            let pushed = try await socket.next("session_update")
            #expect(try await stream.next().json == pushed)
            let polled = try await HTTPCaller(address: address).get("/api/deltas?since=\(head)").json
            #expect(polled["deltas"] == pushed["delta"])
        }
    }

    @Test("A cursor beyond the head gets a gap", arguments: ["/ws", "/api/deltas"])
    func cursorBeyondHead(channel: String) async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let address = try await daemon.address()
            try await daemon.event("the account has been read")
            if channel == "/ws" {
                let follower = try await FeedClient(address, "?since=9000000000000000")
                _ = try await follower.next("hello")
                _ = try await follower.next("gap")
            } else {
                let page = try await HTTPCaller(address: address).get("/api/deltas?since=9000000000000000&wait=30").json
                #expect(page["gap"] != nil)
                #expect(page["nextSince"] == page["seq"])
            }
        }
    }

    @Test("A handshake without the right token is refused in plain HTTP")
    func wrongToken() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let address = try await daemon.address()
            await #expect { try await FeedClient(address, token: "not-the-right-token") } throws: {
                "\($0)".contains("HTTP/1.1 401")
            }
            #expect(try await HTTPCaller(address: address).get("/ws").status == 426)
        }
    }
}
