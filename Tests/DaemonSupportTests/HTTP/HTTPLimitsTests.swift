// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@Suite("HTTP limits", .timeLimit(.minutes(2)))
struct HTTPLimitsTests {
    @Test(
        "A body that is too large is refused before it has arrived",
        arguments: [
            "Content-Length: 101\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n65\r\n" + String(repeating: "x", count: 101),
        ])
    func largeBody(framed: String) async throws {
        var limits = HTTPLimits()
        limits.maximumBody = 100
        try await withServer(limits: limits) { _, address in
            let client = try await RawConnection(address)
            try await client.send("POST / HTTP/1.1\r\nHost: test\r\n\(framed)")
            let answer = try await client.rest()
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains("\r\nconnection: close\r\n"))
            #expect(answer.contains(#"{"error":"body_too_large","message":"#))
        }
    }

    @Test("The refusal reaches a client that sends its large body anyway")
    func largeBodySentAnyway() async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            let body = [UInt8](repeating: 0x78, count: 4 << 20)
            async let sent: Void? = try? client.send(
                Array("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            #expect(try await client.rest().hasPrefix("HTTP/1.1 413 "))
            _ = await sent
        }
    }

    @Test("A body of exactly the allowed size is accepted")
    func fullBody() async throws {
        var limits = HTTPLimits()
        limits.maximumBody = 100
        try await withServer(limits: limits) { _, address in
            let client = try await RawConnection(address)
            let body = String(repeating: "x", count: 100)
            try await client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n\(body)")
            #expect(try await client.text(upTo: body).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test(
        "A header that is too large is refused",
        arguments: [("GET /", " HTTP/1.1\r\n"), ("GET / HTTP/1.1\r\nX: ", "\r\n")])
    func largeHeader(start: String, end: String) async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            try await client.send(start + String(repeating: "a", count: 40_000) + end + "Host: test\r\n\r\n")
            #expect(try await client.rest().hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test(
        "Requests that two parsers might read differently are refused",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\nabcd", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\nabcd", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: a\n\n", 400),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
            ("nonsense\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\n\r\n0\r\n\r\n", 501),
            ("GET */api HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET *://b/api HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET ftp://b/api HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT b:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n", 417),
        ])
    func smuggling(request: String, status: Int) async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            try await client.send(request)
            let answer = try await client.rest()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.components(of: "HTTP/1.1 ") == 1)
        }
    }

    @Test("A target with a character that must be encoded is refused, and the message says how to write it")
    func rawCharacter() async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET /api/sessions?q=größe HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try await client.rest()
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("must be written as %XX"))
        }
    }

    @Test("A malformed request is answered after the requests before it")
    func malformedSecond() async throws {
        let gate = Gate()
        try await withServer(respond: { request in
            await gate.wait()
            return await answer(request)
        }) { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET /one HTTP/1.1\r\nHost: test\r\n\r\nnonsense\r\n\r\n")
            gate.open()
            let answers = try await client.rest()
            #expect(answers.hasPrefix("HTTP/1.1 200 "))
            #expect(answers.contains("GET /one HTTP/1.1 400 "))
        }
    }

    @Test(
        "A head that is late is answered 408, and a connection that sends nothing is closed without an answer",
        arguments: [("", ""), ("GET / HTTP/1.1\r\nHo", "HTTP/1.1 408 ")])
    func slowHead(start: String, answer: String) async throws {
        var limits = HTTPLimits()
        // Long enough for the first bytes to arrive on a busy machine.
        limits.headerTimeout = .seconds(4)
        try await withServer(limits: limits) { _, address in
            let client = try await RawConnection(address)
            try await client.send(start)
            #expect(try await client.rest().prefix(13) == answer)
        }
    }

    @Test("A body that is late is answered 408")
    func slowBody() async throws {
        var limits = HTTPLimits()
        limits.bodyTimeout = .milliseconds(100)
        try await withServer(limits: limits) { _, address in
            let client = try await RawConnection(address)
            try await client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nab")
            #expect(try await client.rest().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test("An idle connection is closed")
    func idle() async throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .milliseconds(100)
        try await withServer(limits: limits) { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try await client.rest().hasSuffix("GET / "))
        }
    }

    @Test("One client cannot take all connections unless it is exempt", arguments: [false, true])
    func tooManyOfOne(isExempt: Bool) async throws {
        var limits = HTTPLimits()
        limits.maximumConnectionsPerClient = 1
        limits.isExemptFromClientLimit = { _ in isExempt }
        limits.closeTimeout = .seconds(60)
        try await withServer(limits: limits) { _, address in
            let first = try await RawConnection(address)
            try await first.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try await first.text(upTo: "GET / ")
            let second = try await RawConnection(address)
            try await second.send("GET /two HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            let answer = try await second.rest()
            #expect(answer.hasPrefix(isExempt ? "HTTP/1.1 200 " : "HTTP/1.1 503 "))
            try await first.send("GET /again HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try await first.text(upTo: "GET /again ")
        }
    }

    @Test("Connections beyond the limit are answered 503 with Retry-After")
    func tooMany() async throws {
        var limits = HTTPLimits()
        limits.maximumConnections = 1
        limits.closeTimeout = .seconds(60)
        try await withServer(limits: limits) { server, address in
            let first = try await RawConnection(address)
            try await first.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try await first.text(upTo: "GET / ")
            #expect(server.connectionCount == 1)
            let second = try await RawConnection(address)
            try await second.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            let answer = try await second.rest()
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.contains("\r\nretry-after: "))
            #expect(answer.contains(#"{"error":"overloaded""#))
            try await first.send("GET /again HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try await first.text(upTo: "GET /again ")
        }
    }
}
