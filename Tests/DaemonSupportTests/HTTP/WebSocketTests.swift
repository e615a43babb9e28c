// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Answers every request with a WebSocket that echoes each text.
@Sendable private func echo(_ request: HTTPRequest) async -> HTTPResponse {
    HTTPResponse(
        status: .switchingProtocols,
        body: .webSocket(subprotocol: "b") { connection in
            connection.onText = { [weak connection] text in connection?.send(message(text)) }
        })
}

/// Bytes that a client must not send, and the close code for them.
struct Fault: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var bytes: [UInt8]
    var code: UInt16

    init(_ name: String, _ bytes: [UInt8], _ code: UInt16) {
        testDescription = name
        self.bytes = bytes
        self.code = code
    }
}

private func client(_ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true) -> [UInt8] {
    WebSocketClient.frame(opcode: opcode, payload, isFinal: isFinal)
}

private func client(_ opcode: UInt8, count: Int, isFinal: Bool = true) -> [UInt8] {
    client(opcode, [UInt8](repeating: 0x61, count: count), isFinal: isFinal)
}

@Suite("WebSocket", .timeLimit(.minutes(2)))
struct WebSocketTests {
    @Test("The handshake is answered with the accept value and the chosen subprotocol")
    func handshake() async throws {
        try await withServer(respond: echo) { server, address in
            let client = try await WebSocketClient(address, fields: "Sec-WebSocket-Protocol: a, b\r\n")
            #expect(client.head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            // The key and its accept value are the example in RFC 6455 §1.3.
            #expect(client.head.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(client.head.contains("\r\nsec-websocket-protocol: b\r\n"))
            #expect(client.head.contains("\r\nconnection: upgrade\r\n"))
            try await client.send("hello")
            #expect(try await client.text() == "hello")
            #expect(server.webSocketCount == 1)
        }
    }

    @Test("Texts keep their order, if the kernel takes them at once and if they wait")
    func order() async throws {
        let padding = String(repeating: "x", count: 20_000)
        let (opened, isOpened) = AsyncStream.makeStream(of: (any PushConnection).self)
        try await withServer(respond: { _ in
            HTTPResponse(
                status: .switchingProtocols, body: .webSocket(subprotocol: nil) { isOpened.yield($0) })
        }) { _, address in
            let client = try await WebSocketClient(address, reads: false, receiveBuffer: 4096)
            var connections = opened.makeAsyncIterator()
            let connection = try #require(await connections.next())
            // Pushes until bytes wait. Returns the number of the next text.
            let fill: @Sendable (Int) async throws -> Int = { first in
                try await connection.eventLoop.submit {
                    var next = first
                    repeat {
                        connection.push(message("\(next) \(padding)"))
                        next += 1
                    } while connection.unsentBytes == 0
                    return next
                }.get()
            }
            var next = try await fill(0)
            try await client.raw.read()
            _ = try await client.raw.text(upTo: "\r\n\r\n")
            for number in 0..<200 {
                // While bytes wait, a fill adds a single text. So the client may have read all that there are.
                if number % 10 == 0 || number == next { next = try await fill(next) }
                let text = try await client.text()
                #expect(text == "\(number) \(padding)")
            }
        }
    }

    @Test("A subprotocol that the client did not offer is not answered")
    func noSubprotocol() async throws {
        try await withServer(respond: echo) { _, address in
            let client = try await WebSocketClient(address)
            #expect(!client.head.contains("sec-websocket-protocol"))
        }
    }

    @Test(
        "A faulty handshake gets a plain HTTP answer",
        arguments: [
            ("Upgrade: websocket\r\n", "Upgrade: h2c\r\n", 426),
            ("Upgrade: websocket\r\n", "", 426),
            ("Connection: keep-alive, Upgrade\r\n", "", 426),
            ("Version: 13", "Version: 8", 426),
            ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400),
            ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ!==", 400),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
            ("GET", "POST", 400),
        ])
    func refusal(part: String, replacement: String, status: Int) async throws {
        try await withServer(respond: echo) { _, address in
            let client = try await RawConnection(address)
            try await client.send(WebSocketClient.handshake.replacing(part, with: replacement) + "\r\n")
            let answer = try await client.rest()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("\r\nsec-websocket-version: 13\r\n") == (status == 426))
            #expect(answer.contains("\r\nupgrade: websocket\r\n") == (status == 426))
            #expect(answer.contains("\r\nconnection: upgrade, close\r\n") == (status == 426))
        }
    }

    @Test(
        "A frame sent together with the handshake is not lost, however the client writes the handshake",
        arguments: ["keep-alive, Upgrade", "upgrade", "UPGRADE", "x,upgrade", "upgrade ,x", "x\r\nConnection: upgrade"])
    func early(connection: String) async throws {
        try await withServer(respond: echo) { _, address in
            let client = try await WebSocketClient(
                address, connection: connection, with: WebSocketClient.frame(opcode: 1, Array("early".utf8)))
            #expect(try await client.text() == "early")
            try await client.send("late")
            #expect(try await client.text() == "late")
        }
    }

    @Test("Messages with every form of length are echoed", arguments: [0, 125, 126, 65_535, 65_536])
    func lengths(length: Int) async throws {
        try await withServer(respond: echo) { _, address in
            let client = try await WebSocketClient(address)
            let text = String(repeating: "x", count: length)
            try await client.send(text)
            #expect(try await client.text() == text)
        }
    }

    @Test("A fragmented message is joined, even with control frames in between")
    func fragments() async throws {
        try await withServer(respond: echo) { _, address in
            let client = try await WebSocketClient(address)
            // The fragments split a character.
            let bytes = Array("grün".utf8)
            try await client.send(opcode: 1, Array(bytes[..<3]), isFinal: false)
            try await client.send(opcode: 9, [7])
            try await client.send(opcode: 0, [], isFinal: false)
            try await client.send(opcode: 0, Array(bytes[3...]))
            #expect(try await client.frame() == .init(opcode: 10, payload: [7]))
            #expect(try await client.text() == "grün")
        }
    }

    @Test(
        "A client that breaks the protocol gets the matching close code",
        arguments: [
            Fault("unmasked", [0x81, 0x01, 0x61], 1002),
            Fault("reserved bit", client(0x41, [0x61]), 1002),
            Fault("unknown opcode", client(3), 1002),
            Fault("unknown control opcode", client(11), 1002),
            Fault("nothing to continue", client(0, [0x61]), 1002),
            Fault("control frame in fragments", client(9, isFinal: false), 1002),
            Fault("control frame too long", client(9, count: 126), 1002),
            Fault("message within a message", client(1, [0x61], isFinal: false) + client(1, [0x61]), 1002),
            Fault("half a close code", client(8, [3]), 1002),
            Fault("close code 1005, which is never sent", client(8, [0x03, 0xED]), 1002),
            Fault("binary", client(2, [0x61]), 1003),
            Fault("no UTF-8", client(1, [0xC3, 0x28]), 1007),
            Fault("a surrogate in UTF-8", client(1, [0xED, 0xA0, 0x80]), 1007),
            Fault("no UTF-8 in the close reason", client(8, [0x03, 0xE8, 0xFF]), 1007),
            Fault("too large", client(1, count: 65_537), 1009),
            Fault("too large in fragments", client(1, count: 65_000, isFinal: false) + client(0, count: 537), 1009),
        ])
    func faults(fault: Fault) async throws {
        try await withServer(respond: echo) { server, address in
            let client = try await WebSocketClient(address)
            try await client.raw.send(fault.bytes)
            let frame = try await client.frame()
            #expect(frame.opcode == 8)
            #expect(frame.closeCode == fault.code)
            await client.raw.close()
        }
    }

    @Test("A client's close is answered with its code, and the connection ends", arguments: [nil, 1000, 4321])
    func closing(code: UInt16?) async throws {
        try await withServer(respond: echo) { _, address in
            let client = try await WebSocketClient(address)
            if let code { try await client.close(code) } else { try await client.send(opcode: 8) }
            let frame = try await client.frame()
            #expect(frame.opcode == 8)
            #expect(frame.closeCode == code)
            try await client.raw.closed()
        }
    }

    @Test("A client that answers pings stays connected")
    func heartbeat() async throws {
        var limits = HTTPLimits()
        // Long enough for a pong on a busy machine.
        limits.pingInterval = .seconds(4)
        try await withServer(limits: limits, respond: echo) { _, address in
            let client = try await WebSocketClient(address)
            let ping = try await client.frame()
            #expect(ping.opcode == 9)
            try await client.send(opcode: 10, ping.payload)
            #expect(try await client.frame().opcode == 9)
        }
    }

    @Test("A client that does not answer a ping is closed with 4000 and cut")
    func noHeartbeat() async throws {
        var limits = HTTPLimits()
        limits.pingInterval = .milliseconds(50)
        try await withServer(limits: limits, respond: echo) { _, address in
            let client = try await WebSocketClient(address)
            #expect(try await client.frame().opcode == 9)
            let close = try await client.frame()
            #expect(close.closeCode == 4000)
            #expect(close.closeReason == "heartbeat")
            try await client.raw.closed()
        }
    }

    @Test("A client that ignores our close is cut")
    func ignoredClose() async throws {
        var limits = HTTPLimits()
        limits.closeTimeout = .milliseconds(50)
        try await withServer(limits: limits, respond: echo) { _, address in
            let client = try await WebSocketClient(address)
            try await client.send(opcode: 2)
            #expect(try await client.frame().closeCode == 1003)
            try await client.raw.closed()
        }
    }

    @Test("If bytes wait for the client, a close cuts the connection")
    func closeBehindBacklog() async throws {
        let (ended, isEnded) = AsyncStream.makeStream(of: Int.self)
        try await withServer(respond: { _ in
            HTTPResponse(
                status: .switchingProtocols,
                body: .webSocket(subprotocol: nil) { connection in
                    let large = message(String(repeating: "x", count: 1 << 20))
                    while connection.unsentBytes == 0 { connection.push(large) }
                    let unsent = connection.unsentBytes
                    connection.close(.backpressure)
                    connection.closed.whenComplete { _ in isEnded.yield(unsent) }
                })
        }) { _, address in
            let client = try await WebSocketClient(address, reads: false, receiveBuffer: 4096)
            for await unsent in ended {
                #expect(unsent > 0)
                break
            }
            await client.raw.close()
        }
    }

    @Test("A client that sends faster than it reads loses nothing")
    func flood() async throws {
        try await withServer(respond: echo) { _, address in
            let client = try await WebSocketClient(address, reads: false, receiveBuffer: 32_768)
            let frame = WebSocketClient.frame(opcode: 1, [UInt8](repeating: 0x61, count: 60_000))
            let count = 12
            async let sent: Void = client.raw.send(Array((0..<count).map { _ in frame }.joined()))
            try await client.raw.read()
            _ = try await client.raw.text(upTo: "\r\n\r\n")
            for _ in 0..<count {
                let text = try await client.text()
                #expect(text.utf8.count == 60_000)
            }
            try await sent
        }
    }
}
