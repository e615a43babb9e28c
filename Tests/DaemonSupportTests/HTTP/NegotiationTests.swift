// SPDX-License-Identifier: Apache-2.0

import CZlib
import NIOCore
import NIOHTTP1
import Testing

@testable import DaemonSupport

@Suite("Content negotiation", .timeLimit(.minutes(2)))
struct NegotiationTests {
    private let large = Array(
        #"{"sessions":[\#(Array(repeating: #"{"id":"1"}"#, count: 200).joined(separator: ","))]}"#.utf8)

    private func request(_ headers: HTTPHeaders = [:], method: HTTPMethod = .GET) throws -> HTTPRequest {
        let peer = Peer.tcp(address: try SocketAddress(ipAddress: "127.0.0.1", port: 1))
        return HTTPRequest(method: method, target: "/", headers: headers, peer: peer)
    }

    private func body(_ response: HTTPResponse) -> [UInt8] {
        response.bytes ?? []
    }

    @Test(
        "Accept-Encoding decides about gzip",
        arguments: [
            ([], false), ([""], false), (["gzip"], true), (["GZip"], true), (["x-gzip"], true), (["*"], true),
            (["deflate, br"], false), (["deflate, gzip;q=1.0, *;q=0.5"], true), (["gzip;q=0"], false),
            (["gzip; q=0.000"], false), (["*;q=0"], false), (["*;q=0", "gzip"], true), (["*, gzip;q=0"], false),
            (["gzip;q=0.5, identity"], false), (["gzip;q=0.5, identity;q=0.5"], true), (["identity"], false),
            (["br , \t gzip\t;\tq=0.8"], true), ([",,gzip,"], true), (["gzip;q=x"], false),
        ] as [([String], Bool)])
    func accepted(fields: [String], prefersGzip: Bool) {
        #expect(AcceptEncoding(fields).prefersGzip == prefersGzip)
    }

    @Test(
        "An answer of a kilobyte or more is compressed, and unpacks to the same bytes",
        arguments: [1023, 1024, 50_000, 3_000_000])
    func compressed(size: Int) async throws {
        let text = (0..<size).map { UInt8(32 + ($0 &* $0 / 7) % 90) }
        let response = await HTTPResponse.json(.ok, text).negotiated(with: try request(["accept-encoding": "gzip"]))
            .response
        #expect(response.headers["vary"] == ["Accept-Encoding"])
        guard size >= 1024 else {
            #expect(body(response) == text && response.headers["content-encoding"].isEmpty)
            return
        }
        #expect(response.headers["content-encoding"] == ["gzip"])
        #expect(body(response) != text)
        #expect(try unpacked(body(response), size: size) == text)
    }

    @Test("Without Accept-Encoding, or if it is no text or compressed already, an answer stays as it is")
    func plain() async throws {
        let json = HTTPResponse.json(.ok, large)
        let unasked = await json.negotiated(with: try request()).response
        #expect(body(unasked) == large && unasked.headers["vary"] == ["Accept-Encoding"])
        for headers: HTTPHeaders in [
            ["content-type": "image/png"], ["content-type": "text/css", "content-encoding": "br"], [:],
        ] {
            let response = HTTPResponse(status: .ok, headers: headers, body: .bytes(large))
            let answer = await response.negotiated(with: try request(["accept-encoding": "gzip"])).response
            #expect(body(answer) == large && answer.headers == headers)
        }
        for type in ["text/html; charset=utf-8", "text/javascript", "application/problem+json", "image/svg+xml"] {
            let response = HTTPResponse(status: .badRequest, headers: ["content-type": type], body: .bytes(large))
            let answer = await response.negotiated(with: try request(["accept-encoding": "gzip"])).response
            #expect(answer.headers["content-encoding"] == ["gzip"], "\(type)")
        }
    }

    @Test("An event stream and a WebSocket are not changed")
    func pushes() async throws {
        for body in [
            HTTPResponse.Body.eventStream(open: { _ in }), .webSocket(subprotocol: nil, open: { _ in }),
        ] {
            let response = HTTPResponse(status: .ok, headers: ["content-type": "text/event-stream"], body: body).tagged
            let answer = await response.negotiated(with: try request(["accept-encoding": "gzip"])).response
            #expect(answer.headers == response.headers)
        }
    }

    @Test(
        "A tag changes with the bytes and the coding, and is equal for equal ones",
        arguments: [10, 200_000])
    func tags(size: Int) async throws {
        let text = Array(repeating: UInt8(ascii: "a"), count: size)
        func tag(_ text: [UInt8], _ headers: HTTPHeaders = [:]) async throws -> String {
            let answer = await HTTPResponse.json(.ok, text).tagged.negotiated(with: try request(headers)).response
            return try #require(answer.headers.first(name: "etag"))
        }
        let first = try await tag(text)
        #expect(first.hasPrefix("\"") && first.hasSuffix("\"") && first.count == 34)
        #expect(try await tag(text) == first)
        #expect(try await tag(text + [1]) != first)
        let gzip = try await tag(text, ["accept-encoding": "gzip"])
        #expect((gzip == first) == (size < 1024))
    }

    @Test("A client that has the answer gets 304 without a body", arguments: ["", "gzip"])
    func notModified(coding: String) async throws {
        let headers: HTTPHeaders = ["accept-encoding": coding]
        let response = HTTPResponse.json(.ok, large).tagged
        let tag = try #require(
            (await response.negotiated(with: try request(headers)).response).headers.first(name: "etag"))
        for (field, isKnown) in [
            (tag, true), ("W/\(tag)", true), ("\"x\", \(tag)", true), ("*", true), ("\"x\"", false), ("", false),
            (String(tag.dropFirst()), false),
        ] {
            for method in [HTTPMethod.GET, .HEAD, .POST] {
                var headers = headers
                headers.add(name: "if-none-match", value: field)
                let answer = await response.negotiated(with: try request(headers, method: method)).response
                let expected = isKnown && method != .POST
                #expect(answer.status == (expected ? .notModified : .ok), "\(method) \(field)")
                #expect(body(answer).isEmpty == expected)
                guard expected else { continue }
                #expect(answer.headers["etag"] == [tag] && answer.headers["vary"] == ["Accept-Encoding"])
                #expect(answer.headers["cache-control"] == ["private, no-cache"])
                #expect(answer.headers["content-type"].isEmpty && answer.headers["content-encoding"].isEmpty)
            }
        }
        // The compressed answer is a different one and has another tag.
        let other = await response.negotiated(
            with: try request(["accept-encoding": coding.isEmpty ? "gzip" : "", "if-none-match": tag])
        ).response
        #expect(other.status == .ok)
    }

    @Test("Only a successful answer that is marked as tagged gets a tag")
    func untagged() async throws {
        let plain = await HTTPResponse.json(.ok, large).negotiated(with: try request(["if-none-match": "*"])).response
        #expect(plain.status == .ok && plain.headers["etag"].isEmpty && plain.headers["cache-control"].isEmpty)
        let bad = await HTTPResponse.json(.notFound, large).tagged.negotiated(with: try request(["if-none-match": "*"]))
            .response
        #expect(bad.status == .notFound && bad.headers["etag"].isEmpty)
    }

    /// The contents of the gzip stream `bytes`, unpacked by zlib.
    private func unpacked(_ bytes: [UInt8], size: Int) throws -> [UInt8] {
        var stream = z_stream()
        try #require(inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { inflateEnd(&stream) }
        var input = bytes
        return input.withUnsafeMutableBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: size + 1) { output, count in
                (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
                (stream.next_out, stream.avail_out) = (output.baseAddress, UInt32(size + 1))
                #expect(inflate(&stream, Z_FINISH) == Z_STREAM_END)
                count = Int(stream.total_out)
            }
        }
    }
}
