// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Synchronization

/// A connection in the server's registry.
protocol LoopConnection: AnyObject {
    /// Ends the connection when its present work is done.
    func drain()
    /// Closes the connection at once.
    func cut()
}

/// What the connections of one event loop share. Use it on that loop only.
final class HTTPLoop {
    let executor: EventLoopExecutor
    /// The limits for new connections and for the next step of existing ones.
    var limits: HTTPLimits
    var date = DateField()
    /// Pings to WebSockets.
    let pings: HeartbeatQueue
    /// Comments to event streams.
    let comments: HeartbeatQueue
    private(set) var isDraining = false
    private var connections: [ObjectIdentifier: (connection: any LoopConnection, channel: any Channel)] = [:]

    /// The shared state of `eventLoop`.
    init(_ eventLoop: any EventLoop, limits: HTTPLimits) {
        self.limits = limits
        executor = EventLoopExecutor(eventLoop)
        pings = HeartbeatQueue(on: eventLoop)
        comments = HeartbeatQueue(on: eventLoop)
    }

    /// Registers `connection` as the one that handles `channel`, until the channel closes.
    func register(_ connection: any LoopConnection, for channel: any Channel) {
        let key = ObjectIdentifier(channel)
        let isNew = connections.updateValue((connection, channel), forKey: key) == nil
        if isNew {
            channel.closeFuture.assumeIsolated().whenComplete { _ in self.connections[key] = nil }
        }
    }

    /// Drains all present and future connections.
    ///
    /// - Returns: futures that complete when the present connections are closed.
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

/// The number of connections of each kind.
final class HTTPCounters: Sendable {
    /// A kind of connection. An event stream or a WebSocket counts as `connection` too.
    enum Kind {
        case connection
        case webSocket
        case eventStream
    }

    let connections = Atomic<Int>(0)
    let webSockets = Atomic<Int>(0)
    let eventStreams = Atomic<Int>(0)

    /// Adds `number` to the count of a kind, and returns the new count.
    @discardableResult
    func add(_ number: Int, to kind: Kind) -> Int {
        switch kind {
        case .connection: connections.add(number, ordering: .relaxed).newValue
        case .webSocket: webSockets.add(number, ordering: .relaxed).newValue
        case .eventStream: eventStreams.add(number, ordering: .relaxed).newValue
        }
    }
}

/// The number of connections of each client network.
final class ClientConnectionCounts: Sendable {
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// Counts one more connection of `client`, and returns their number.
    func enter(_ client: IPAddress) -> Int {
        counts.withLock { counts in
            counts[client, default: 0] += 1
            return counts[client] ?? 0
        }
    }

    /// Counts one connection of `client` less. A client without connections takes no memory.
    func leave(_ client: IPAddress) {
        counts.withLock { counts in
            let left = (counts[client] ?? 0) - 1
            counts[client] = left > 0 ? left : nil
        }
    }
}

/// What all connections of a server use.
struct HTTPService: Sendable {
    var takesBody: @Sendable (HTTPRequest) -> Bool
    var answer: @Sendable (HTTPRequest) -> HTTPAnswer
    var problem: HTTPServer.ProblemForm
    var counters = HTTPCounters()
    var clientCounts = ClientConnectionCounts()
}
