// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@Suite("HTTP requests and answers", .timeLimit(.minutes(2)))
struct HTTPServerTests {
    @Test("A connection stays open for the next request")
    func keepAlive() async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            for path in ["/one", "/two"] {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
                let head = try await client.text(upTo: "\r\n\r\n")
                #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(head.contains("\r\ncontent-length: \(5 + path.count)\r\n"))
                #expect(head.contains("\r\ndate: ") && head.contains(" GMT\r\n"))
                #expect(try await client.text(upTo: "\(path) ") == "GET \(path) ")
            }
        }
    }

    @Test("Answers that are ready keep their order among those that wait", arguments: [100, 100_000])
    func readyAnswers(size: Int) async throws {
        let body = SharedBody([UInt8](repeating: UInt8(ascii: "x"), count: size - 3) + Array("END".utf8))
        let server = HTTPServer(group: MultiThreadedEventLoopGroup.singleton) { request in
            if request.path == "/ready" { return .ready(HTTPResponse(status: .ok, body: .shared(body))) }
            return .pending { await answer(request) }
        }
        let client = try await RawConnection(try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)))
        for _ in 0..<20 {
            let paths = ["/ready", "/a", "/ready", "/b"]
            try await client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
            for path in paths {
                let head = try await client.text(upTo: "\r\n\r\n")
                #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                let text = try await client.text(upTo: path == "/ready" ? "END" : path + " ")
                #expect(text.utf8.count == (path == "/ready" ? size : path.utf8.count + 5))
            }
        }
        try await client.send("HEAD /ready HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        let rest = try await client.rest()
        #expect(rest.contains("content-length: \(size)\r\n") && rest.hasSuffix("\r\n\r\n"))
        await server.drain(grace: .zero)
    }

    @Test("Pipelined requests are answered in order, however long each one takes")
    func pipelining() async throws {
        let gate = Gate()
        try await withServer(respond: { request in
            if request.path == "/slow" { await gate.wait() }
            return await answer(request)
        }) { _, address in
            let client = try await RawConnection(address)
            let paths = ["/a", "/slow"] + (0..<2000).map { "/\($0)" }
            try await client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
            _ = try await client.text(upTo: "GET /a ")
            gate.open()
            for path in paths.dropFirst() {
                let answer = try await client.text(upTo: "GET \(path) ")
                #expect(answer.components(of: "HTTP/1.1 200") == 1)
            }
        }
    }

    @Test("HEAD is answered with the length and without a body")
    func head() async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            try await client.send("HEAD /x HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            let answer = try await client.rest()
            #expect(answer.contains("\r\ncontent-length: 8\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test("204 and 304 have neither a body nor a length", arguments: [204, 304])
    func bodiless(status: Int) async throws {
        try await withServer(respond: { _ in
            HTTPResponse(status: .init(statusCode: status), body: .bytes([0x78]))
        }) { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            let answer = try await client.rest()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(!answer.contains("content-length"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(
        "A body is read completely in every framing",
        arguments: [
            "Content-Length: 11\r\n\r\nhello world",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        ])
    func bodies(framed: String) async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            try await client.send("POST /b HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\(framed)")
            #expect(try await client.rest().hasSuffix("\r\n\r\nPOST /b hello world"))
        }
    }

    @Test("A client that waits for 100 Continue gets it before it sends its body")
    func expectation() async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            try await client.send("POST /b HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try await client.text(upTo: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("ok")
            #expect(try await client.text(upTo: "ok").hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test(
        "An HTTP/1.0 connection closes unless the client asks to keep it",
        arguments: [
            ("", "\r\nconnection: close\r\n"),
            ("Connection: keep-alive\r\n", "\r\nconnection: keep-alive\r\n"),
        ])
    func oldVersion(field: String, expected: String) async throws {
        try await withServer { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.0\r\n\(field)\r\n")
            #expect(try await client.text(upTo: "GET / ").contains(expected))
            if field.isEmpty { try await client.closed() }
        }
    }

    @Test("A large answer arrives completely")
    func large() async throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) & 0x7F }
        try await withServer(respond: { _ in HTTPResponse(status: .ok, body: .bytes(body)) }) { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try await client.text(upTo: "\r\n\r\n").contains("content-length: 3000000"))
            #expect(try await client.bytes(3_000_000) == body)
        }
    }

    @Test("A header value cannot add another header")
    func injection() async throws {
        try await withServer(respond: { _ in
            HTTPResponse(status: .ok, headers: ["x-echo": "a\r\nset-cookie: b"])
        }) { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try await client.text(upTo: "\r\n\r\n").contains("\r\nx-echo: a  set-cookie: b\r\n"))
        }
    }

    @Test("An absolute target is reduced to its path", arguments: ["http://test/p?q=1", "/p?q=1"])
    func absoluteTarget(target: String) async throws {
        try await withServer(respond: { request in
            let text = request.path + (request.query["q"] ?? "")
            return HTTPResponse(status: .ok, body: .bytes(Array(text.utf8)))
        }) { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET \(target) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            #expect(try await client.rest().hasSuffix("\r\n\r\n/p1"))
        }
    }

    @Test("A client that has closed its sending side gets all its answers, and then the connection closes")
    func halfClosed() async throws {
        let gate = Gate()
        try await withServer(respond: { request in
            if request.path == "/slow" { await gate.wait() }
            #expect(!Task.isCancelled)
            return await answer(request)
        }) { _, address in
            let client = try await RawConnection(address)
            let paths = ["/slow"] + (0..<200).map { "/\($0)" }
            try await client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
            try await client.endInput()
            gate.open()
            let answers = try await client.rest()
            #expect(answers.components(of: "HTTP/1.1 200") == paths.count)
            #expect(paths.allSatisfy { answers.contains("GET \($0) ") })
        }
    }

    @Test("A connection that ends in the middle of a request is closed without an answer")
    func halfRequest() async throws {
        try await withServer { _, address in
            for start in ["", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"] {
                let client = try await RawConnection(address)
                try await client.send(start)
                try await client.endInput()
                #expect(!(try await client.rest()).contains(" 200 "))
            }
        }
    }

    @Test("White space at the end of a field value is removed")
    func trailingBlanks() async throws {
        try await withServer(respond: { request in
            let token = request.headers.first(name: "authorization") ?? ""
            return HTTPResponse(status: .ok, body: .bytes(Array("[\(token)]".utf8) + request.body))
        }) { _, address in
            for field in ["Content-Length: 2 \r\n\r\nab", "Transfer-Encoding: chunked \r\n\r\n2\r\nab\r\n0\r\n\r\n"] {
                let client = try await RawConnection(address)
                try await client.send(
                    "POST / HTTP/1.1\r\nHost: test \r\nAuthorization: Bearer x \t \r\nConnection: close\r\n\(field)")
                let answer = try await client.rest()
                #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("[Bearer x]ab"), "\(answer)")
            }
        }
    }

    @Test("If the client resets the connection, the task of its request is cancelled")
    func gone() async throws {
        let (started, isStarted) = AsyncStream.makeStream(of: Void.self)
        let (ended, isEnded) = AsyncStream.makeStream(of: Bool.self)
        try await withServer(respond: { request in
            isStarted.yield()
            try? await Task.sleep(for: .seconds(60))
            isEnded.yield(Task.isCancelled)
            return await answer(request)
        }) { _, address in
            let client = try await RawConnection(address)
            try await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            for await _ in started { break }
            await client.reset()
            for await wasCancelled in ended {
                #expect(wasCancelled)
                break
            }
        }
    }
}

extension String {
    /// How often `text` occurs.
    func components(of text: String) -> Int { ranges(of: text).count }
}
