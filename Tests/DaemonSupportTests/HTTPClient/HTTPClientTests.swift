// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import DaemonSupport

@Suite("HTTPClient", .timeLimit(.minutes(1)))
struct HTTPClientTests {
    private let client = HTTPClient(userAgent: "julesd-test/1")

    private func failure(_ request: ClientRequest) async -> TransportError? {
        do {
            _ = try await client.send(request)
            return nil
        } catch { return error }
    }

    @Test("Method, path, headers and body are sent as given, and the response has status, headers and body")
    func roundTrip() async throws {
        let server = try await ScriptedServer { request in
            let body = "\(request.method) \(request.target)"
            return .raw(
                "HTTP/1.1 201 Created\r\nX-One: 1\r\nx-two:  two words \r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }
        let response = try await client.send(
            ClientRequest(
                method: "POST", url: server.url + "/a%2Fb/../c:d?e=f", headers: [("X-Key", "k"), ("X-Empty", "")],
                body: [0, 1, 2]))
        #expect(response.status == 201)
        #expect(response.first("x-ONE") == "1")
        #expect(response.first("X-Two") == "two words")
        #expect(response.first("x-three") == nil)
        #expect(String(decoding: response.body, as: UTF8.self) == "POST /a%2Fb/../c:d?e=f")
        let request = try #require(server.requests.first)
        #expect(request.body == [0, 1, 2])
        #expect(request.headers["x-key"] == ["k"] && request.headers["x-empty"] == [""])
        #expect(request.headers["user-agent"] == ["julesd-test/1"])
        for name in ["expect", "content-type", "authorization"] { #expect(!request.headers.contains(name: name)) }
    }

    @Test(
        "Every method is sent, with and without a body",
        arguments: [
            ("GET", nil), ("POST", nil), ("POST", [7]), ("PUT", [7]), ("DELETE", nil), ("DELETE", [7]), ("PATCH", [7]),
            ("GET", [7]),
        ] as [(String, [UInt8]?)])
    func methods(method: String, body: [UInt8]?) async throws {
        let server = try await ScriptedServer { _ in .text("ok") }
        #expect(try await client.send(ClientRequest(method: method, url: server.url + "/", body: body)).status == 200)
        #expect(server.requests.map(\.line) == ["\(method) /"])
        #expect(server.requests.first?.body == body ?? [])
    }

    @Test("HEAD has no body, and the headers of an interim response are dropped")
    func headAndInterim() async throws {
        let server = try await ScriptedServer { request in
            request.line == "HEAD /"
                ? .raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                : .raw(
                    "HTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        }
        let head = try await client.send(ClientRequest(method: "HEAD", url: server.url + "/"))
        #expect(head.status == 200 && head.body.isEmpty && head.first("content-length") == "5")
        let get = try await client.send(ClientRequest(url: server.url + "/"))
        #expect(get.status == 200 && get.first("x-hint") == nil && get.body == Array("late".utf8))
    }

    @Test("Many GETs share one connection")
    func reuse() async throws {
        let server = try await ScriptedServer { request in .text(request.line) }
        for number in 0..<20 { _ = try await client.send(ClientRequest(url: server.url + "/\(number)")) }
        #expect(server.requests.map(\.connection) == Array(repeating: 1, count: 20))
    }

    @Test("A request is sent even if an earlier one to the same host has no answer yet")
    func silentNeighbour() async throws {
        let server = try await ScriptedServer { $0.line == "GET /silent" ? .silence : .text("ok") }
        await withTaskGroup { group in
            group.addTask { [client] in _ = try? await client.send(ClientRequest(url: server.url + "/silent")) }
            var arrivals = server.arrivals.makeAsyncIterator()
            #expect(await arrivals.next()?.line == "GET /silent")
            #expect(await failure(ClientRequest(url: server.url + "/", timeout: .seconds(5))) == nil)
            group.cancelAll()
        }
    }

    @Test("Many requests at once each get their own answer over a limited number of connections")
    func manyAtOnce() async throws {
        let client = HTTPClient(userAgent: "julesd-test/1", maxConnectionsPerHost: 4)
        let server = try await ScriptedServer { request in .text(request.line) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let response = try await client.send(ClientRequest(url: server.url + "/\(number)"))
                    return response.body == Array("GET /\(number)".utf8)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(server.requests.count == 200)
        #expect(server.requests.map(\.connection).max() ?? 0 <= 4)
    }

    @Test("A redirect is returned as it is, and the key is sent nowhere else")
    func redirect() async throws {
        let other = try await ScriptedServer { _ in .text("stolen") }
        let target = other.url
        let server = try await ScriptedServer { _ in
            .reply(302, headers: ["location": "\(target)/"], "")
        }
        let response = try await client.send(ClientRequest(url: server.url, headers: [("X-Goog-Api-Key", "secret")]))
        #expect(response.status == 302)
        #expect(other.requests.isEmpty)
    }

    @Test("A body is decompressed, and the limit counts after that")
    func gzip() async throws {
        // 1,000 times "a", compressed by gzip.
        let compressed: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF, 0x4B, 0x4C, 0x1C, 0x05, 0xA3, 0x60, 0x14, 0x0C,
            0x77, 0x00, 0x00, 0x03, 0xDA, 0x38, 0x9A, 0xE8, 0x03, 0x00, 0x00,
        ]
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(compressed.count)\r\n\r\n"
        let server = try await ScriptedServer { _ in .raw(Array(head.utf8) + compressed) }
        let response = try await client.send(ClientRequest(url: server.url, maximumBody: 1000))
        #expect(response.body == Array(repeating: UInt8(ascii: "a"), count: 1000))
        #expect(server.requests.first?.headers.contains(name: "accept-encoding") == true)
        #expect(await failure(ClientRequest(url: server.url, maximumBody: 999)) == .tooLarge)
    }

    @Test("An endless body or head is stopped at its limit")
    func limits() async throws {
        let server = try await ScriptedServer { request in
            request.line == "GET /body"
                ? .endless(
                    head: "HTTP/1.1 200 OK\r\n\r\n", part: String(repeating: "x", count: 10_000),
                    every: .milliseconds(1))
                : .endless(
                    head: "HTTP/1.1 200 OK\r\n", part: String(repeating: "X-Y: some header\r\n", count: 1000),
                    every: .milliseconds(1))
        }
        #expect(await failure(ClientRequest(url: server.url + "/body", maximumBody: 100_000)) == .tooLarge)
        #expect(await failure(ClientRequest(url: server.url + "/head")) == .tooLarge)
    }

    @Test("The client gives up if the server sends nothing")
    func silence() async throws {
        let server = try await ScriptedServer { _ in .silence }
        let request = ClientRequest(url: server.url, timeout: .milliseconds(50))
        #expect(await failure(request) == .timedOut(sent: true))
    }

    @Test("A body that arrives very slowly does not hold the request for ever")
    func drippingBody() async throws {
        let server = try await ScriptedServer { _ in
            .endless(head: "HTTP/1.1 200 OK\r\n\r\n", part: "x", every: .milliseconds(20))
        }
        let request = ClientRequest(url: server.url, timeout: .milliseconds(100))
        #expect(await failure(request) == .timedOut(sent: true))
    }

    @Test("The client gives up if a body stops arriving")
    func stalledBody() async throws {
        let server = try await ScriptedServer { _ in .raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx") }
        let request = ClientRequest(url: server.url, timeout: .milliseconds(50))
        #expect(await failure(request) == .timedOut(sent: true))
    }

    @Test(
        "A broken connection is an error and not an answer",
        arguments: [
            ScriptedServer.Answer.reset, .hangUp,
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", closes: true),
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n", closes: true),
            .raw("SMTP ready\r\n", closes: true),
        ])
    func broken(reaction: ScriptedServer.Answer) async throws {
        let server = try await ScriptedServer { _ in reaction }
        for method in ["GET", "POST"] {
            let error = await failure(ClientRequest(method: method, url: server.url))
            guard case .unreachable(let reason, sent: true) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(!reason.isEmpty)
        }
        #expect(server.requests.count == 2)
    }

    @Test("If there was no connection, the error says that nothing was sent")
    func refused() async throws {
        // Bound, so that nobody else gets the port, but not listening.
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        // A sockaddr_in (ip(7)) with 127.0.0.1 and any port, as bytes. Bytes 2 and 3 are the port.
        var address: [UInt8] = [UInt8(AF_INET), 0, 0, 0, 127, 0, 0, 1] + Array(repeating: 0, count: 8)
        var length = socklen_t(address.count)
        address.withUnsafeMutableBytes { bytes in
            let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            #expect(bind(socket, address, length) == 0)
            #expect(getsockname(socket, address, &length) == 0)
        }
        let port = Int(address[2]) << 8 | Int(address[3])
        for url in ["http://127.0.0.1:\(port)/", "http://name.invalid/"] {
            let error = await failure(ClientRequest(method: "POST", url: url))
            guard case .unreachable(_, sent: false) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test(
        "On a connection that has just died, only a request that may be repeated is sent again",
        arguments: [("POST", false, 1), ("POST", true, 2), ("GET", true, 2)])
    func deadConnection(method: String, isIdempotent: Bool, times: Int) async throws {
        let server = try await ScriptedServer { request in
            request.line == "GET /first" ? .text("kept") : .hangUp
        }
        _ = try await client.send(ClientRequest(url: server.url + "/first"))
        var request = ClientRequest(method: method, url: server.url + "/second", timeout: .seconds(50))
        request.isIdempotent = isIdempotent
        guard case .unreachable(_, sent: true) = await failure(request) else {
            Issue.record("an answer out of nothing")
            return
        }
        #expect(server.requests.filter { $0.line == "\(method) /second" }.count == times)
    }

    @Test("A cancelled task aborts its transfer")
    func cancellation() async throws {
        let server = try await ScriptedServer { _ in .silence }
        let task = Task { try await client.send(ClientRequest(url: server.url, timeout: .seconds(50))) }
        for await _ in server.arrivals { break }
        task.cancel()
        #expect(await task.result.failure as? TransportError == .cancelled(sent: true))
        for await _ in server.closures { break }
    }

    @Test("A task that is cancelled already starts no request")
    func cancelledBefore() async throws {
        let server = try await ScriptedServer { _ in .silence }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(ClientRequest(url: server.url, timeout: .seconds(50)))
        }
        #expect(await task.result.failure is TransportError)
    }

    @Test("A shutdown aborts all transfers and refuses new ones")
    func shutdown() async throws {
        let server = try await ScriptedServer { _ in .silence }
        let task = Task { try await client.send(ClientRequest(url: server.url, timeout: .seconds(50))) }
        for await _ in server.arrivals { break }
        client.shutdown()
        #expect(await task.result.failure as? TransportError == .cancelled(sent: true))
        #expect(await failure(ClientRequest(url: server.url)) == .cancelled(sent: false))
    }

    @Test(
        "A request that cannot be sent safely is refused",
        arguments: [
            ClientRequest(url: "file:///etc/passwd"), ClientRequest(url: "ftp://127.0.0.1/"), ClientRequest(url: ""),
            ClientRequest(url: "http://127.0.0.1:1/", headers: [("X-A", "b\r\nX-Injected: c")]),
            ClientRequest(url: "http://127.0.0.1:1/", headers: [("X A", "b")]),
        ])
    func invalid(request: ClientRequest) async {
        guard case .invalid = await failure(request) else {
            Issue.record("\(request) was tried")
            return
        }
    }

    @Test("For an https host the proxy is asked for a tunnel and sees nothing of the request")
    func proxy() async throws {
        let proxy = try await ScriptedServer { _ in
            .raw("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", closes: true)
        }
        let client = HTTPClient(proxies: ProxyPolicy(proxy: proxy.url), userAgent: "t")
        let request = ClientRequest(url: "https://far.example/path", headers: [("X-Key", "hunter2")])
        guard case .failure(.unreachable) = await client.result(request) else {
            Issue.record("the proxy was not asked")
            return
        }
        #expect(proxy.requests.map(\.line) == ["CONNECT far.example:443"])
        #expect(proxy.requests.allSatisfy { !$0.headers.contains(name: "x-key") })
    }

    @Test("An http request goes directly to its host, so the proxy sees no key")
    func proxyNeverInClear() async throws {
        let proxy = try await ScriptedServer { _ in .text("by proxy") }
        let server = try await ScriptedServer { _ in .text("direct") }
        let client = HTTPClient(proxies: ProxyPolicy(proxy: proxy.url), userAgent: "t")
        #expect(try await client.send(ClientRequest(url: server.url)).body == Array("direct".utf8))
        #expect(proxy.requests.isEmpty)
    }

    @Test(
        "A request for the status only succeeds at the status line, whatever follows it",
        arguments: [
            ("a body that is too long", .text(String(repeating: "x", count: 100_000))),
            ("a body that is cut short", .raw("HTTP/1.1 201 OK\r\nContent-Length: 9\r\n\r\nx", closes: true)),
            ("an encoding that it does not have", .text("plain", headers: ["content-encoding": "gzip"])),
            ("an encoding that nobody knows", .text("plain", headers: ["content-encoding": "news"])),
            (
                "a body without end",
                .endless(head: "HTTP/1.1 200 OK\r\n\r\n", part: "x", every: .milliseconds(20))
            ),
            ("a body that never comes", .raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")),
            ("chunks that are none", .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnews\r\n")),
            ("headers that end in the middle", .raw("HTTP/1.1 200 OK\r\nX-One: 1\r\nX-T", closes: true)),
        ] as [(String, ScriptedServer.Answer)])
    func statusOnly(what: String, reaction: ScriptedServer.Answer) async throws {
        let server = try await ScriptedServer { _ in reaction }
        var request = ClientRequest(method: "POST", url: server.url, timeout: .seconds(10), maximumBody: 1000)
        request.wantsStatusOnly = true
        let response = try await client.send(request)
        #expect([200, 201].contains(response.status) && response.body.isEmpty, "\(what)")
    }

    @Test("An interim status does not count, and a response cut off before its status line is an error")
    func noStatus() async throws {
        let server = try await ScriptedServer { request in
            request.line.hasSuffix("/interim") ? .raw("HTTP/1.1 103 Early Hints\r\n\r\n", closes: true) : .hangUp
        }
        for path in ["/interim", "/nothing"] {
            var request = ClientRequest(method: "POST", url: server.url + path)
            request.wantsStatusOnly = true
            guard case .unreachable(_, sent: true) = await failure(request) else {
                Issue.record("\(path): an answer out of nothing")
                continue
            }
        }
    }
}

extension HTTPClient {
    fileprivate func result(_ request: ClientRequest) async -> Result<ClientResponse, TransportError> {
        do { return .success(try await send(request)) } catch { return .failure(error) }
    }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
