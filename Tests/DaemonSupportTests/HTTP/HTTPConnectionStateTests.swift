// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Testing

@testable import DaemonSupport

@Suite("What an HTTP connection does next")
struct HTTPConnectionStateTests {
    @Test("Requests are answered one at a time, in order, and nothing is read before all are taken")
    func order() throws {
        var connection = try Driven()
        connection.ask("/a")
        connection.ask("/b")
        #expect(connection.run() == ["respond /a"])
        let mayRead = connection.state.mayRead(isWritable: true)
        #expect(!mayRead)
        #expect(connection.answer() == .keepAlive)
        #expect(connection.run() == ["respond /b", "read"])
        #expect(connection.answer() == .keepAlive)
        #expect(connection.run() == [])
    }

    @Test("The next request waits until the client takes its answers")
    func writability() throws {
        var connection = try Driven()
        connection.ask("/a")
        connection.ask("/b")
        _ = connection.run()
        connection.answer()
        #expect(connection.run(isWritable: false) == [])
        #expect(connection.run() == ["respond /b"])
    }

    @Test("After the end of input what has been asked is answered, and then our side is closed")
    func endOfInput() throws {
        var connection = try Driven()
        connection.ask("/a")
        connection.ask("/b")
        _ = connection.run()
        #expect(name(connection.state.endInput()) == "leave")
        #expect(connection.answer() == .keepAlive)
        #expect(connection.run() == ["respond /b"])
        #expect(connection.answer() == .close)
        #expect(name(connection.state.linger()) == "linger")
        #expect(name(connection.state.endInput()) == "cut")
    }

    @Test("The end of input ends an idle connection at once, and cuts off half a request")
    func endOfInputBetween() throws {
        var idle = try Driven()
        #expect(name(idle.state.endInput()) == "linger")
        var half = try Driven()
        half.begin("/a", ["content-length": "5"])
        #expect(half.run() == ["awaitBody"])
        #expect(name(half.state.endInput()) == "cut")
    }

    @Test("A server that stops waits for the first request of who has just come, and lets the running one be the last")
    func draining() throws {
        var fresh = try Driven()
        #expect(name(fresh.state.drain()) == "wait firstRequestOfDraining")
        fresh.ask("/a")
        #expect(fresh.run() == ["respond /a"])
        #expect(fresh.answer() == .close)
        var used = try Driven()
        used.ask("/a")
        _ = used.run()
        used.answer()
        #expect(name(used.state.drain()) == "cut")
    }

    @Test("A head that has begun is timed once: more bytes of it give it no more time")
    func slowHead() throws {
        var connection = try Driven()
        #expect(name(connection.state.endRead(hasParts: false)) == nil)
        #expect(connection.passTime() == ["refuse 408"])
        connection = try Driven()
        connection.ask("/a")
        _ = connection.run()
        connection.answer()
        #expect(name(connection.state.endRead(hasParts: false)) == "wait head")
        #expect(name(connection.state.endRead(hasParts: false)) == nil)
        #expect(connection.passTime() == ["refuse 408"])
    }

    @Test("A connection on which nothing comes is cut without a word")
    func silence() throws {
        var connection = try Driven()
        #expect(connection.passTime() == ["cut"])
        connection = try Driven(isRefused: true)
        _ = connection.state.endRead(hasParts: false)
        #expect(connection.passTime() == ["cut"])
    }

    @Test("A client that takes enough of its answer in time gets more time, and one that does not is dropped")
    func uptake() throws {
        var connection = try Driven()
        connection.ask("/a")
        _ = connection.run()
        connection.answer(unsent: 1000)
        #expect(connection.passTime(unsent: 900) == ["wait uptake"])
        #expect(connection.passTime(unsent: 801) == ["abort"])
        #expect(connection.passTime(unsent: 0) == ["wait request"])
        #expect(connection.passTime(unsent: 0) == ["cut"])
    }

    @Test("One connection too many is told so at its first request")
    func excess() throws {
        var connection = try Driven(isRefused: true)
        connection.ask("/a")
        connection.ask("/b")
        #expect(connection.run() == ["refuse 503"])
        #expect(connection.run() == [])
    }

    @Test("A body is taken up to its limit, and not at all where nobody wants it")
    func bodies() throws {
        var connection = try Driven()
        connection.begin("/a", ["content-length": "100"])
        connection.state.receive(.part(.body(ByteBuffer(repeating: 0x78, count: 60))))
        #expect(connection.run() == ["awaitBody"])
        connection.state.receive(.part(.body(ByteBuffer(repeating: 0x78, count: 60))))
        #expect(connection.run() == ["refuse 413"])
        connection = try Driven(takesBody: false)
        connection.begin("/a", ["content-length": "100"])
        #expect(connection.run() == ["respond /a"])
        #expect(connection.answer() == .close)
    }

    @Test("What comes too early for a WebSocket is kept, and what comes after the last answer is not")
    func afterwards() throws {
        var connection = try Driven()
        connection.ask("/ws")
        _ = connection.run()
        connection.state.upgrade()
        connection.state.receive(early: ByteBuffer(string: "frame"))
        guard case .upgrading(let early) = connection.state.phase else {
            Issue.record("\(connection.state.phase)")
            return
        }
        #expect(early == ByteBuffer(string: "frame"))
        connection = try Driven()
        _ = connection.state.linger()
        connection.ask("/late")
        #expect(connection.run() == [])
    }
}

/// A state with what its driver would do.
private struct Driven {
    var state: HTTPConnectionState
    private var limits = HTTPLimits()

    init(isRefused: Bool = false, takesBody: Bool = true) throws {
        let peer = Peer.tcp(address: try SocketAddress(ipAddress: "127.0.0.1", port: 1))
        state = HTTPConnectionState(peer: peer, isRefused: isRefused, takesBody: { _ in takesBody })
        limits.maximumBody = 100
    }

    mutating func begin(_ target: String, _ headers: HTTPHeaders = [:]) {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target, headers: headers)
        head.headers.add(name: "host", value: "test")
        state.receive(.part(.head(head)))
    }

    mutating func ask(_ target: String) {
        begin(target)
        state.receive(.part(.end(nil)))
    }

    /// All that it wants done now.
    mutating func run(isWritable: Bool = true) -> [String] {
        var names: [String] = []
        while let action = state.next(isWritable: isWritable, limits: limits) { names.append(name(action) ?? "") }
        return names
    }

    /// Writes the answer.
    @discardableResult
    mutating func answer(unsent: Int = 0) -> HTTPResponse.Persistence? {
        guard let persistence = state.answered()?.persistence else { return nil }
        guard persistence != .close else { return persistence }
        state.goOn()
        guard case .measure = state.endRead(hasParts: true) else { return nil }
        _ = state.note(unsent: unsent)
        return persistence
    }

    mutating func passTime(unsent: Int = 0) -> [String] {
        let action = state.timePassed(unsent: unsent, minimumProgress: 100)
        return [name(action)].compactMap(\.self) + run()
    }
}

private func name(_ action: HTTPConnectionState.Action?) -> String? {
    switch action {
    case .respond(let request): "respond \(request.path)"
    case .refuse(_, let fault): "refuse \(fault.status.code)"
    case .awaitBody: "awaitBody"
    case .measure: "measure"
    case .wait(let deadline): "wait \(deadline)"
    case .leave: "leave"
    case .noteInputEnd: "noteInputEnd"
    case .read: "read"
    case .linger: "linger"
    case .cut: "cut"
    case .abort: "abort"
    case nil: nil
    }
}
