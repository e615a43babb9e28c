// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Synchronization

/// A connection as the server's registry knows it.
protocol LoopConnection: AnyObject {
    /// Ends the connection once what it is doing is done.
    func drain()
    /// Closes the connection at once.
    func cut()
}

/// What the connections of one event loop share. To be used on that loop only.
final class HTTPLoop {
    let executor: EventLoopExecutor
    /// What is in force for connections that come, and for what the others do next.
    var limits: HTTPLimits
    var date = DateField()
    private(set) var isDraining = false
    private var connections: [ObjectIdentifier: (connection: any LoopConnection, channel: any Channel)] = [:]

    /// The shared state of `eventLoop`.
    init(_ eventLoop: any EventLoop, limits: HTTPLimits) {
        self.limits = limits
        executor = EventLoopExecutor(eventLoop)
    }

    /// Makes `connection` the one that drives `channel`, until that closes.
    func register(_ connection: any LoopConnection, for channel: any Channel) {
        let key = ObjectIdentifier(channel)
        let isNew = connections.updateValue((connection, channel), forKey: key) == nil
        if isNew {
            channel.closeFuture.assumeIsolated().whenComplete { _ in self.connections[key] = nil }
        }
    }

    /// Drains all connections, and any that may still come; the futures complete when they are gone.
    func drain() -> [EventLoopFuture<Void>] {
        isDraining = true
        let all = connections.values
        for entry in all { entry.connection.drain() }
        return all.map(\.channel.closeFuture)
    }

    /// Cuts all connections.
    func cut() {
        for entry in connections.values { entry.connection.cut() }
    }
}

/// How many connections there are, by kind.
final class HTTPCounters: Sendable {
    /// A kind of connection; one that is pushed to counts as a connection too.
    enum Kind {
        case connection
        case webSocket
        case eventStream
    }

    let connections = Atomic<Int>(0)
    let webSockets = Atomic<Int>(0)
    let eventStreams = Atomic<Int>(0)

    /// Adds to a kind's count, which is answered.
    @discardableResult
    func add(_ number: Int, to kind: Kind) -> Int {
        switch kind {
        case .connection: connections.add(number, ordering: .relaxed).newValue
        case .webSocket: webSockets.add(number, ordering: .relaxed).newValue
        case .eventStream: eventStreams.add(number, ordering: .relaxed).newValue
        }
    }
}

/// How many connections each client network has.
final class ClientConnectionCounts: Sendable {
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// Counts one more of `client`, and answers how many it has.
    func enter(_ client: IPAddress) -> Int {
        counts.withLock { counts in
            counts[client, default: 0] += 1
            return counts[client] ?? 0
        }
    }

    /// Counts one less of `client`; of whom none is left, nothing is kept.
    func leave(_ client: IPAddress) {
        counts.withLock { counts in
            let left = (counts[client] ?? 0) - 1
            counts[client] = left > 0 ? left : nil
        }
    }
}

/// What all connections of a server are served by.
struct HTTPService: Sendable {
    var takesBody: @Sendable (HTTPRequest) -> Bool
    var respond: @Sendable (HTTPRequest) async -> HTTPResponse
    var problem: HTTPServer.ProblemForm
    var counters = HTTPCounters()
    var clientCounts = ClientConnectionCounts()
}
