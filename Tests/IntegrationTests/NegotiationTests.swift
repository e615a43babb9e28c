// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import TestSupport
import Testing

@Suite("Entity tags and compression over HTTP", .timeLimit(.minutes(5)))
struct NegotiationTests {
    private let gzip = ["Accept-Encoding": "gzip, deflate, br"]

    @Test("A list is answered 304 until something changes, plain and compressed")
    func lists() async throws {
        let jules = try await FakeJules.start { account in
            for _ in 1...20 { account.add(state: "COMPLETED") }
        }
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            let id = jules.account.sessions[0].id
            try await daemon.event("the account has been read")
            for target in ["/api/sessions", "/api/sessions/\(id)", "/api/inbox", "/api/deliveries"] {
                let plain = try await http.get(target)
                let tag = try #require(plain.headers["etag"])
                #expect(plain.headers["content-encoding"] == nil)
                #expect(plain.headers["vary"] == "Accept-Encoding, Origin" && plain.headers["x-request-id"] != nil)
                let same = try await http.call("GET", target, headers: ["If-None-Match": tag])
                #expect(same.status == 304 && same.body.isEmpty && same.headers["etag"] == tag)
                #expect(same.headers["content-length"] == nil && same.headers["x-request-id"] != nil)
                let packed = try await http.call("GET", target, headers: gzip)
                #expect((packed.headers["content-encoding"] == "gzip") == (plain.body.count >= 1024))
                let head = try await http.call("HEAD", target, headers: gzip)
                for name in ["etag", "content-encoding", "content-length", "vary", "content-type"] {
                    #expect(head.headers[name] == packed.headers[name], "\(name)")
                }
                #expect(head.body.isEmpty && packed.headers["content-length"] == "\(packed.body.count)")
            }
            let list = try await http.call("GET", "/api/sessions", headers: gzip)
            #expect(list.body.starts(with: [0x1F, 0x8B]))
            let tag = try #require(list.headers["etag"])
            jules.update { account in account.change(id) { $0.title = "Another" } }
            try await awaitTrue("a list that is new") {
                try await http.call("GET", "/api/sessions", headers: gzip.merging(["If-None-Match": tag]) { $1 }).status
                    == 200
            }
        }
    }

    @Test("An event stream is never compressed, but a long error is")
    func others() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            let stream = try await RawConnection(http.address)
            try await stream.send(
                "GET /api/events HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer \(Launch.token)\r\n"
                    + "Accept-Encoding: gzip\r\n\r\n")
            let head = try await stream.text(upTo: "\r\n\r\n").lowercased()
            #expect(head.contains("text/event-stream") && !head.contains("content-encoding"))
            _ = try await stream.text(upTo: "event: hello")
            let query = (0..<40).map { "wrong\($0)=1" }.joined(separator: "&")
            let error = try await http.call("GET", "/api/sessions?\(query)", headers: gzip)
            #expect(error.status == 400 && error.headers["content-encoding"] == "gzip")
            #expect(error.headers["etag"] == nil)
        }
    }

    @Test("An unknown repository is answered with the nearest one, and letters are counted as code points")
    func helps() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            let unknown = try await http.get("/api/sessions?repo=acme/habor")
            #expect(try unknown.json["sessions"] == [] && unknown.json["near"] == "acme/harbor")
            let known = try await http.get("/api/sessions?repo=Acme/Harbor.git").json
            #expect(known["sessions"]?.array?.count == 1 && known["near"] == nil)
            // One letter with 20,000 combining marks.
            let text = "a" + String(repeating: "\u{301}", count: 20_000)
            let path = "/api/sessions/\(jules.first.id)/message"
            let long = try await http.post(path, #"{"message":"\#(text)"}"#)
            #expect(long.status == 400 && long.text.contains("code points), not 20001"))
            #expect(jules.count(.message) == 0)
            #expect(
                try await http.post(path, #"{"message":"\#(String(text.unicodeScalars.dropLast()))"}"#).status == 200)
        }
    }
}
