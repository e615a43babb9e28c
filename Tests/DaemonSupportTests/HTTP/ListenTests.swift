// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

/// Answers with the peer of the request.
@Sendable private func peer(_ request: HTTPRequest) async -> HTTPResponse {
    let text =
        switch request.peer {
        case .tcp(let address): "tcp \(address.ipAddress ?? "")"
        case .unix(let credentials): "unix \(credentials.uid) \(credentials.gids.sorted())"
        }
    return HTTPResponse(status: .ok, body: .bytes(Array(text.utf8)))
}

private func ask(_ address: SocketAddress) async throws -> String {
    let client = try await RawConnection(address)
    try await client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    let answer = try await client.rest()
    return answer.firstRange(of: "\r\n\r\n").map { String(answer[$0.upperBound...]) } ?? ""
}

@Suite("Listening", .serialized, .timeLimit(.minutes(2)))
final class ListenTests {
    let folder: String

    init() {
        var template = Array("/tmp/julesd-listen-XXXXXX".utf8CString)
        _ = mkdtemp(&template)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        unlink(folder + "/socket")
        rmdir(folder)
    }

    @Test("A TCP peer is identified by its address", arguments: ["127.0.0.1", "localhost", "::1", "::"])
    func tcp(host: String) async throws {
        try await withServer(on: .tcp(host: host, port: 0), respond: peer) { _, address in
            let port = try #require(address.port)
            let target = host == "localhost" ? address.ipAddress ?? "" : host == "::" ? "::1" : host
            let answer = try await ask(SocketAddress(ipAddress: target, port: port))
            #expect(answer == "tcp \(target)")
            if host == "::" {
                let mapped = try await ask(SocketAddress(ipAddress: "127.0.0.1", port: port))
                #expect(mapped == "tcp ::ffff:127.0.0.1")
            }
        }
    }

    @Test("A peer on a Unix socket is identified by its user and groups")
    func unix() async throws {
        let path = folder + "/socket"
        try await withServer(on: .unix(path: path, mode: 0o640), respond: peer) { _, address in
            var status = stat()
            #expect(lstat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o640)
            var groups = [gid_t](repeating: 0, count: 1024)
            let count = getgroups(CInt(groups.count), &groups)
            let expected = Set(groups.prefix(Int(count))).union([getegid()]).sorted()
            let answer = try await ask(address)
            #expect(answer == "unix \(geteuid()) \(expected)")
        }
    }

    @Test("A stale socket is replaced, but a socket in use or another file is not")
    func stale() async throws {
        let path = folder + "/socket"
        let address = try SocketAddress(unixDomainSocketPath: path)
        let old = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        #expect(address.withSockAddr { bind(old, $0, socklen_t($1)) } == 0)
        close(old)
        let listen = ListenAddress.unix(path: path, mode: 0o600)
        try await withServer(on: listen) { _, address in
            let before = try await ask(address)
            #expect(before == "GET / ")
            await #expect(throws: ListenError(address: listen, reason: "another process listens there")) {
                try await withServer(on: listen) { _, _ in }
            }
            let after = try await ask(address)
            #expect(after == "GET / ")
        }
        #expect(access(path, F_OK) != 0, "the socket is removed in the end")
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        await #expect(throws: ListenError(address: listen, reason: "a file that is no socket is in the way")) {
            try await withServer(on: listen) { _, _ in }
        }
        #expect(access(path, F_OK) == 0)
    }

    @Test("An inherited socket is served, with a backlog for many clients at once")
    func inherited() async throws {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let any = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        #expect(any.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0)
        #expect(listen(descriptor, 4096) == 0)
        try await withServer(on: .inherited(descriptor: descriptor)) { _, address in
            #expect(address.ipAddress == "127.0.0.1")
            let answer = try await ask(address)
            #expect(answer == "GET / ")
        }
    }

    @Test("An inherited descriptor that is no stream socket is refused")
    func inheritedFile() async throws {
        var pipes: [CInt] = [0, 0]
        #expect(pipe(&pipes) == 0)
        defer { for descriptor in pipes { close(descriptor) } }
        let address = ListenAddress.inherited(descriptor: pipes[0])
        await #expect(throws: ListenError(address: address, reason: "Socket operation on non-socket")) {
            try await withServer(on: address) { _, _ in }
        }
    }

    @Test("The error names an address that is in use")
    func inUse() async throws {
        try await withServer { _, address in
            let again = ListenAddress.tcp(host: "127.0.0.1", port: address.port ?? 0)
            let error = await #expect(throws: ListenError.self) { try await withServer(on: again) { _, _ in } }
            #expect(error?.description == "cannot listen on \(again): Address already in use")
        }
    }
}

@Suite("Draining", .timeLimit(.minutes(2)))
struct DrainTests {
    @Test("During a drain idle connections close, and running requests finish with Connection: close")
    func requests() async throws {
        let (started, isStarted) = AsyncStream.makeStream(of: Void.self)
        let gate = Gate()
        let server = HTTPServer(group: MultiThreadedEventLoopGroup.singleton) { request in
            isStarted.yield()
            await gate.wait()
            return await answer(request)
        }
        let address = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        let idle = try await RawConnection(address)
        let busy = try await RawConnection(address)
        try await busy.send("GET /busy HTTP/1.1\r\nHost: test\r\n\r\n")
        for await _ in started { break }
        async let drained: Void = server.drain(grace: .seconds(60))
        try await idle.closed()
        await #expect(throws: (any Error).self) { try await RawConnection(address) }
        gate.open()
        let last = try await busy.rest()
        #expect(last.contains("\r\nconnection: close\r\n"))
        #expect(last.hasSuffix("GET /busy "))
        await drained
        #expect(server.connectionCount == 0)
    }

    @Test("A request that does not end within the grace is cut")
    func grace() async throws {
        let (started, isStarted) = AsyncStream.makeStream(of: Void.self)
        let server = HTTPServer(group: MultiThreadedEventLoopGroup.singleton) { request in
            isStarted.yield()
            try? await Task.sleep(for: .seconds(600))
            return await answer(request)
        }
        let address = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        let client = try await RawConnection(address)
        try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        for await _ in started { break }
        await server.drain(grace: .milliseconds(50))
        #expect(try await client.rest() == "")
        #expect(server.connectionCount == 0)
    }

    @Test("During a drain WebSockets close with 1012 and event streams end")
    func pushed() async throws {
        let server = HTTPServer(group: MultiThreadedEventLoopGroup.singleton) { request in
            request.path == "/ws"
                ? HTTPResponse(status: .switchingProtocols, body: .webSocket(subprotocol: nil) { _ in })
                : HTTPResponse(status: .ok, body: .eventStream { $0.push(message("1")) })
        }
        let address = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        let webSocket = try await WebSocketClient(address)
        let stream = try await RawConnection(address)
        try await stream.send("GET /events HTTP/1.1\r\nHost: test\r\n\r\n")
        _ = try await stream.text(upTo: "data: 1\n\n")
        async let drained: Void = server.drain(grace: .seconds(60))
        let frame = try await webSocket.frame()
        #expect(frame.closeCode == 1012)
        #expect(frame.closeReason == "restart")
        try await webSocket.close(1012)
        #expect(try await stream.rest() == "")
        await drained
        #expect(server.webSocketCount == 0 && server.eventStreamCount == 0)
    }

    @Test("An event stream that ends by itself may send its last event")
    func lastWord() async throws {
        let gate = Gate()
        let server = HTTPServer(group: MultiThreadedEventLoopGroup.singleton) { _ in
            HTTPResponse(
                status: .ok,
                body: .eventStream(ends: true) { connection in
                    connection.push(message("1"))
                    Task {
                        await gate.wait()
                        connection.eventLoop.execute {
                            connection.send(contentsOf: [message("2")]).whenComplete { _ in connection.close(.restart) }
                        }
                    }
                })
        }
        let address = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        let stream = try await RawConnection(address)
        let fresh = try await RawConnection(address)
        try await stream.send("GET /events HTTP/1.1\r\nHost: test\r\n\r\n")
        _ = try await stream.text(upTo: "data: 1\n\n")
        async let drained: Void = server.drain(grace: .seconds(60))
        // When this connection closes, the server has told all connections to end.
        try await fresh.closed()
        gate.open()
        #expect(try await stream.rest().contains("data: 2"))
        await drained
    }

    @Test("Every loop reports its progress")
    func ticks() async throws {
        let (ticks, tick) = AsyncStream.makeStream(of: Int.self)
        let group = MultiThreadedEventLoopGroup.singleton
        let server = HTTPServer(group: group, onLoopTick: { tick.yield($0) }, respond: answer)
        var missing = Set(0..<Array(group.makeIterator()).count)
        for await index in ticks {
            missing.remove(index)
            if missing.isEmpty { break }
        }
        await server.drain(grace: .zero)
    }
}
