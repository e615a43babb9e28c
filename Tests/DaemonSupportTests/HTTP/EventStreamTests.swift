// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@Suite("Server-Sent Events", .timeLimit(.minutes(2)))
struct EventStreamTests {
    @Test("A stream has the head that clients and proxies need, then events, and ends with the connection")
    func stream() async throws {
        try await withServer(respond: { _ in
            HTTPResponse(
                status: .ok, headers: ["x-request-id": "r"],
                body: .eventStream { connection in
                    connection.send(message(#"{"a":1}"#, event: "hello"))
                    connection.send(contentsOf: [
                        message(#"{"b":2}"#, event: "update", id: 7), message("one\ntwo\rthree"),
                    ]).whenSuccess { connection.close(.restart) }
                })
        }) { server, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            let head = try await client.text(upTo: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            for field in [
                "content-type: text/event-stream", "cache-control: no-store, no-transform", "x-accel-buffering: no",
                "connection: close", "x-request-id: r",
            ] {
                #expect(head.contains("\r\n\(field)\r\n"))
            }
            #expect(!head.contains("content-length") && !head.contains("transfer-encoding"))
            #expect(
                try await client.rest() == """
                    event: hello\ndata: {"a":1}\n\nevent: update\nid: 7\ndata: {"b":2}\n\n\
                    event: message\ndata: one\ndata: two\ndata: three\n\n
                    """)
        }
    }

    @Test("Comments keep an idle stream open")
    func comments() async throws {
        var limits = HTTPLimits()
        limits.commentInterval = .milliseconds(20)
        try await withServer(
            limits: limits,
            respond: { _ in
                HTTPResponse(status: .ok, body: .eventStream { _ in })
            }
        ) { server, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try await client.text(upTo: "\r\n\r\n")
            #expect(try await client.text(upTo: ":\n\n:\n\n") == ":\n\n:\n\n")
            #expect(server.eventStreamCount == 1)
        }
    }

    @Test("A client that ends its side while events wait gets them complete and in order")
    func halfClosed() async throws {
        let padding = String(repeating: "x", count: 20_000)
        let (opened, isOpened) = AsyncStream.makeStream(of: (any PushConnection).self)
        try await withServer(respond: { _ in
            HTTPResponse(status: .ok, body: .eventStream { isOpened.yield($0) })
        }) { _, address in
            let client = try await RawConnection(address, reads: false, receiveBuffer: 4096)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            var connections = opened.makeAsyncIterator()
            let connection = try #require(await connections.next())
            let count = try await connection.eventLoop.submit {
                var count = 0
                while connection.unsentBytes == 0 {
                    connection.push(message("\(count) \(padding)"))
                    count += 1
                }
                return count
            }.get()
            try await client.endInput()
            try await client.read()
            _ = try await client.text(upTo: "\r\n\r\n")
            for number in 0..<50 {
                var event = try await client.text(upTo: "\n\n")
                if event == ":\n\n" { event = try await client.text(upTo: "\n\n") }
                #expect(event == "event: message\ndata: \(number) \(padding)\n\n")
                try await connection.eventLoop.submit { connection.push(message("\(count + number) \(padding)")) }.get()
            }
        }
    }

    @Test("Input from the client after its request is ignored")
    func chatter() async throws {
        let (opened, isOpened) = AsyncStream.makeStream(of: (any PushConnection).self)
        try await withServer(respond: { _ in
            HTTPResponse(status: .ok, body: .eventStream { isOpened.yield($0) })
        }) { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\n\r\n")
            _ = try await client.text(upTo: "\r\n\r\n")
            try await client.send("nonsense\r\n\r\n")
            for await connection in opened {
                try await connection.eventLoop.flatSubmit { connection.send(message("1")) }.get()
                break
            }
            #expect(try await client.text(upTo: "\n\n") == "event: message\ndata: 1\n\n")
        }
    }

    @Test("The stream ends when the client closes")
    func end() async throws {
        let (opened, isOpened) = AsyncStream.makeStream(of: (any PushConnection).self)
        try await withServer(respond: { _ in
            HTTPResponse(status: .ok, body: .eventStream { isOpened.yield($0) })
        }) { server, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try await client.text(upTo: "\r\n\r\n")
            await client.close()
            for await connection in opened {
                try await connection.closed.get()
                break
            }
        }
    }

    @Test("HEAD is answered with the head only")
    func head() async throws {
        try await withServer(respond: { _ in
            HTTPResponse(status: .ok, body: .eventStream { $0.push(message("1")) })
        }) { _, address in
            let client = try await RawConnection(address)
            try await client.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try await client.rest().hasSuffix("\r\n\r\n"))
        }
    }
}
