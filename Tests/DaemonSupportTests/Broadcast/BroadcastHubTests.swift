// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// A separate group, so that these timers do not wait for those of other tests.
private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

@Suite("Broadcast: replay, then live", .timeLimit(.minutes(2)))
struct BroadcastHubTests {
    let log = TestLog()

    @Test("A new subscriber gets the head first, and then the next messages")
    func live() async throws {
        _ = log.append(7)
        let hub = BroadcastHub(group: group, head: log.head)
        let connection = RecordingConnection(group.next())
        hub.subscribe(connection, after: nil, hello: { message("hello \($0)") }, source: { _ in ReplayPage() })
        hub.publish(log.append())
        hub.publish(log.append(2))
        #expect(try await connection.texts(upTo: "9...10") == ["hello 7", "8...8", "9...10"])
        #expect(hub.replayCount == 0)
        #expect(hub.head == 10)
    }

    @Test("Messages that are published during a replay arrive once and in order", arguments: 1...5, 1...4)
    func publishedMeanwhile(limit: Int, count: Int) async throws {
        for _ in 0..<5 { _ = log.append(Int64(count)) }
        let hub = BroadcastHub(group: group, head: log.head)
        let eventLoop = group.next()
        let connection = RecordingConnection(eventLoop)
        let rounds = Atomic<Int>(0)
        let log = log
        let publish: @Sendable () async throws -> Void = {
            // The third round and later ones publish nothing, so that the replay can catch up.
            guard rounds.load(ordering: .relaxed) < 3 else { return }
            hub.publish(log.append(Int64(count)))
            try await eventLoop.submit {}.get()
        }
        hub.subscribe(
            connection, after: 2,
            hello: { head in
                hub.publish(log.append())
                return message("hello")
            },
            source: { cursor in
                try await publish()
                let page = log.page(after: cursor, limit: Int64(limit))
                try await publish()
                rounds.add(1, ordering: .relaxed)
                return page
            })
        let caughtUp = try await connection.texts {
            positions($0.suffix(1)).last == log.head && rounds.load(ordering: .relaxed) > 3
        }
        #expect(caughtUp.first == "hello")
        hub.publish(log.append(3))
        let head = log.head
        let texts = try await connection.texts { positions($0.suffix(1)).last == head }
        #expect(positions(texts) == Array(3...head))
    }

    @Test("Subscribers with any cursor that join at any time get every position once", arguments: 1...3)
    func random(seed: Int) async throws {
        var random = Seeded(state: UInt64(seed))
        for _ in 0..<20 { _ = log.append(Int64.random(in: 1...4, using: &random)) }
        let hub = BroadcastHub(group: group, head: log.head)
        let loops = Array(group.makeIterator())
        let log = log
        var subscribers: [(connection: RecordingConnection, cursor: Int64)] = []
        for round in 0..<50 {
            let connection = RecordingConnection(loops[round % loops.count])
            let cursor = Int64.random(in: 0...log.head, using: &random)
            let limit = Int64.random(in: 1...30, using: &random)
            let yields = Int.random(in: 0...3, using: &random)
            hub.subscribe(connection, after: cursor, hello: { _ in message("hello") }) { cursor in
                for _ in 0..<yields { try await loops[0].submit {}.get() }
                let page = log.page(after: cursor, limit: limit)
                for _ in 0..<yields { try await loops[0].submit {}.get() }
                return page
            }
            subscribers.append((connection, cursor))
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                hub.publish(log.append(Int64.random(in: 1...4, using: &random)))
            }
            if Bool.random(using: &random) { await Task.yield() }
        }
        let head = log.head
        for (connection, cursor) in subscribers where cursor < head {
            let texts = try await connection.texts { positions($0.suffix(1)).last == head }
            #expect(positions(texts) == Array((cursor + 1)...head))
        }
    }

    @Test("A replay reads on only after its client has taken the page, and its pages do not count as unsent")
    func pace() async throws {
        for _ in 0..<6 { _ = log.append() }
        let hub = BroadcastHub(group: group, head: log.head, limit: 1)
        let eventLoop = group.next()
        let connection = RecordingConnection(eventLoop)
        let log = log
        let reads = Atomic<Int>(0)
        try await eventLoop.submit {
            connection.takes = false
            connection.unsentBytes = 1000
        }.get()
        hub.subscribe(connection, after: 0, hello: { _ in message("hello") }) { cursor in
            reads.add(1, ordering: .relaxed)
            return log.page(after: cursor, limit: 3)
        }
        hub.publish(log.append())
        _ = try await connection.texts(upTo: "3...3")
        try await eventLoop.submit {}.get()
        #expect(reads.load(ordering: .relaxed) == 1)
        try await eventLoop.submit {
            connection.unsentBytes = 0
            connection.take()
        }.get()
        #expect(positions(try await connection.texts(upTo: "7...7")) == Array(1...7))
    }

    @Test("After a gap the subscriber is told about it, and goes on after it")
    func gap() async throws {
        _ = log.append(9)
        let hub = BroadcastHub(group: group, head: log.head)
        let connection = RecordingConnection(group.next())
        hub.subscribe(connection, after: 500, hello: { message("hello \($0)") }) { cursor in
            cursor == 500 ? ReplayPage(gap: .init(message: message("gap"), resumesAfter: 9)) : ReplayPage()
        }
        _ = try await connection.texts(upTo: "gap")
        hub.publish(log.append())
        #expect(try await connection.texts(upTo: "10...10") == ["hello 9", "gap", "10...10"])
    }

    @Test("If a publish was missed, its message is read from the log")
    func missedPublish() async throws {
        let hub = BroadcastHub(group: group, head: 0)
        let connection = RecordingConnection(group.next())
        let log = log
        hub.subscribe(connection, after: nil, hello: { _ in message("hello") }) { log.page(after: $0, limit: 10) }
        _ = log.append(2)
        hub.publish(log.append())
        #expect(try await connection.texts(upTo: "3...3") == ["hello", "1...2", "3...3"])
    }

    @Test("A message that is published twice is sent once")
    func twin() async throws {
        let hub = BroadcastHub(group: group, head: 0)
        let connection = RecordingConnection(group.next())
        hub.subscribe(connection, after: nil, hello: { _ in message("hello") }) { _ in ReplayPage() }
        let first = log.append()
        hub.publish(first)
        hub.publish(first)
        hub.publish(log.append())
        #expect(try await connection.texts(upTo: "2...2") == ["hello", "1...1", "2...2"])
    }

    @Test("A log that fails or leaves out a position closes the connection", arguments: ["fails", "hole", "nothing"])
    func faultyLog(fault: String) async throws {
        let hub = BroadcastHub(group: group, head: 10)
        let eventLoop = group.next()
        let connection = RecordingConnection(eventLoop)
        let other = log
        hub.subscribe(connection, after: 3, hello: { _ in message("hello") }) { _ in
            switch fault {
            case "fails": throw ChannelError.eof
            case "hole":
                _ = other.append(10)
                return other.page(after: 5, limit: 2)
            default: return ReplayPage()
            }
        }
        try await eventLoop.flatSubmit { connection.closed }.get()
        #expect(try await eventLoop.submit { connection.reason }.get() == .fault)
        #expect(hub.subscriberCount == 0)
    }

    @Test("A client with too many unsent bytes is closed, and the others go on")
    func backpressure() async throws {
        let hub = BroadcastHub(group: group, head: 0, limit: 100)
        let eventLoop = group.next()
        let slow = RecordingConnection(eventLoop)
        let fast = RecordingConnection(eventLoop)
        for connection in [slow, fast] {
            hub.subscribe(connection, after: nil, hello: { _ in message("hello") }) { _ in ReplayPage() }
        }
        let large = message(String(repeating: "x", count: 200))
        hub.publish(BroadcastMessage(positions: 1...1, message: large))
        _ = try await slow.texts(upTo: large.text)  // Larger than the limit, but nothing waited before it.
        try await eventLoop.submit { slow.unsentBytes = 90 }.get()
        hub.publish(BroadcastMessage(positions: 2...2, message: message("small")))
        _ = try await slow.texts(upTo: "small")
        hub.publish(BroadcastMessage(positions: 3...3, message: message("more than ten bytes")))
        _ = try await fast.texts(upTo: "more than ten bytes")
        #expect(try await eventLoop.submit { slow.reason }.get() == .backpressure)
        #expect(try await eventLoop.submit { slow.texts.last }.get() == "small")
        #expect(hub.overrunCount == 1)
        #expect(hub.subscriberCount == 1)
    }

    @Test("A client that reads gets a message before one that does not read is closed for it")
    func readersFirst() async throws {
        let hub = BroadcastHub(group: group, head: 0, limit: 100)
        let eventLoop = group.next()
        let slow = RecordingConnection(eventLoop)
        let fast = RecordingConnection(eventLoop)
        for connection in [slow, fast] {
            hub.subscribe(connection, after: nil, hello: { _ in message("hello") }) { _ in ReplayPage() }
        }
        let atClose = slow.closed.flatMap { eventLoop.makeSucceededFuture(fast.texts.last) }
        try await eventLoop.submit { slow.unsentBytes = 100 }.get()
        hub.publish(BroadcastMessage(positions: 1...1, message: message("news")))
        #expect(try await atClose.get() == "news")
    }

    @Test("A message outside the log goes to the subscribers that want its topic")
    func topics() async throws {
        let hub = BroadcastHub(group: group, head: 0)
        let connections = [TopicFilter.none, .all, .only(["a"])].map { topics in
            let connection = RecordingConnection(group.next())
            hub.subscribe(connection, after: nil, topics: topics, hello: { _ in message("hello") }) { _ in ReplayPage()
            }
            return connection
        }
        hub.publishTransient(message("about a"), topic: "a")
        hub.publishTransient(message("about b"), topic: "b")
        hub.publish(log.append())
        let expected = [[], ["about a", "about b"], ["about a"]]
        for (connection, expected) in zip(connections, expected) {
            #expect(try await connection.texts(upTo: "1...1") == ["hello"] + expected + ["1...1"])
        }
    }

    @Test("During a replay, messages outside the log wait for the end of the page")
    func topicsDuringReplay() async throws {
        _ = log.append(2)
        let hub = BroadcastHub(group: group, head: log.head)
        let connection = RecordingConnection(group.next())
        let gate = Gate()
        let log = log
        hub.subscribe(connection, after: 0, topics: .all, hello: { _ in message("hello") }) { cursor in
            await gate.wait()
            return log.page(after: cursor, limit: 10)
        }
        hub.publishTransient(message("meanwhile"), topic: "a")
        try await connection.eventLoop.submit {}.get()
        gate.open()
        #expect(try await connection.texts(upTo: "meanwhile") == ["hello", "1...2", "meanwhile"])
    }

    @Test("The publisher is told when all live subscribers have been given a message")
    func delivered() async throws {
        let hub = BroadcastHub(group: group, head: 0)
        let connection = RecordingConnection(group.next())
        hub.subscribe(connection, after: nil, hello: { _ in message("hello") }) { _ in ReplayPage() }
        await withCheckedContinuation { continuation in
            hub.publish(log.append()) { continuation.resume() }
        }
        #expect(try await connection.eventLoop.submit { connection.texts.last }.get() == "1...1")
    }

    @Test("All connections can be closed with a reason")
    func closeAll() async throws {
        let hub = BroadcastHub(group: group, head: 0)
        let connections = group.makeIterator().map { RecordingConnection($0) }
        for connection in connections {
            hub.subscribe(connection, after: nil, hello: { _ in message("hello") }) { _ in ReplayPage() }
        }
        hub.closeAll(.restart)
        for connection in connections {
            try await connection.eventLoop.flatSubmit { connection.closed }.get()
            #expect(try await connection.eventLoop.submit { connection.reason }.get() == .restart)
        }
        #expect(hub.subscriberCount == 0)
    }
}

@Suite("Broadcast: waiting for messages", .timeLimit(.minutes(2)))
struct BroadcastWaitTests {
    let hub = BroadcastHub(group: group, head: 5, maximumWaiters: 1)
    let news = BroadcastMessage(positions: 6...8, message: message("news"))

    @Test("A wait for a message that is published already returns at once")
    func already() async {
        #expect(await hub.wait(beyond: 4, timeout: .seconds(60)) == 5)
    }

    @Test("A published message ends the wait")
    func publish() async {
        async let head = hub.wait(beyond: 5, timeout: .seconds(60))
        hub.publish(news)
        #expect(await head == 8)
    }

    @Test("A wait without a message ends after its timeout")
    func timeout() async {
        #expect(await hub.wait(beyond: 5, timeout: .milliseconds(1)) == 5)
    }

    @Test("Closing all connections ends the waits")
    func closeAll() async {
        async let head = hub.wait(beyond: 5, timeout: .seconds(60))
        while hub.waiterCount == 0 { await Task.yield() }
        hub.closeAll(.restart)
        #expect(await head == 5)
    }

    @Test("A cancelled wait ends at once")
    func cancellation() async {
        let hub = hub
        let task = Task { await hub.wait(beyond: 5, timeout: .seconds(60)) }
        task.cancel()
        #expect(await task.value == 5)
    }

    @Test("A wait beyond the allowed number returns at once")
    func bound() async {
        let hub = hub
        let heads = await withTaskGroup(of: Int64.self) { tasks in
            for _ in 0..<2 { tasks.addTask { await hub.wait(beyond: 5, timeout: .seconds(60)) } }
            // One of the two is refused and returns at once. Only then is a message published for the other one.
            let first = await tasks.next()
            hub.publish(news)
            return [first, await tasks.next()]
        }
        #expect(heads == [5, 8])
    }
}

/// A random generator with a repeatable sequence (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
