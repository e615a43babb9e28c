// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import TestSupport
import Testing

@testable import jules_simulator

@Suite("The mirror over HTTP", .timeLimit(.minutes(5)))
struct MirrorHTTPTests {
    private func error(_ reply: HTTPCaller.Reply) throws -> JSON { try #require(try reply.json["error"]) }

    private func awaitAccount(_ http: HTTPCaller) async throws {
        try await awaitTrue("the account in the mirror") { try await http.get("/v1alpha/sessions").status == 200 }
    }

    @Test("The token works wherever a tool sends the API key, and a wrong one is refused in Google's form")
    func keys() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules, ["LOG_LEVEL": "debug"])) { daemon in
            var http = HTTPCaller(address: try await daemon.address())
            try await awaitAccount(http)
            http.token = nil
            let key = Launch.token
            #expect(try await http.get("/v1alpha/sessions", headers: ["X-Goog-Api-Key": key]).status == 200)
            #expect(try await http.get("/v1alpha/sessions?key=\(key)").status == 200)
            for (reply, reason) in [
                (try await http.get("/v1alpha/sessions"), "required"),
                (try await http.get("/v1alpha/sessions", headers: ["X-Goog-Api-Key": "wrong"]), "not the LOCAL_TOKEN"),
                (try await http.get("/v1alpha/sessions?key=wrong"), "not the LOCAL_TOKEN"),
            ] {
                #expect(reply.status == 401)
                let error = try error(reply)
                #expect(error["code"] == 401 && error["status"] == "UNAUTHENTICATED")
                #expect(error["message"]?.string?.contains(reason) == true)
                #expect(error["details"]?.array?.first?["reason"] == "CREDENTIALS_MISSING")
            }
            // The token counts as an API key only below /v1alpha.
            #expect(try await http.get("/api/sessions", headers: ["X-Goog-Api-Key": key]).status == 401)
            #expect(try await http.get("/api/sessions?key=\(key)").status == 401)
            daemon.signal(15)
            _ = try await daemon.exitStatus()
            let output = try await daemon.standardOutputText() + daemon.standardErrorText()
            #expect(output.contains("/v1alpha/sessions") && !output.contains(key))
        }
    }

    @Test("Each method has its own limit, and Google's form says when to try again")
    func rateLimit() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules, ["RATE_LIMIT": "3"])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            let id = jules.first.id
            for _ in 0..<3 { #expect(try await http.get("/v1alpha/sources/github/acme/\(id)").status != 429) }
            let reply = try await http.get("/v1alpha/sources/github/acme/other")
            #expect(reply.status == 429)
            let error = try error(reply)
            #expect(error["status"] == "RESOURCE_EXHAUSTED")
            let seconds = try #require(reply.headers["retry-after"])
            #expect(error["details"]?.array?.first?["retryDelay"]?.string == "\(seconds)s")
            #expect(reply.headers["ratelimit-policy"] == #""/v1alpha/sources/{name}";q=3;w=60"#)
            #expect(try await http.get("/v1alpha/sessions/\(id)").status != 429)
        }
    }

    @Test("An address outside the allow list, and a URL of no method, are refused in Google's form")
    func refusals() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules, ["ALLOWLIST": "192.0.2.0/24"])) { daemon in
            let reply = try await HTTPCaller(address: try await daemon.address()).get("/v1alpha/sessions")
            #expect(reply.status == 403)
            #expect(try error(reply)["status"] == "PERMISSION_DENIED")
        }
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            for (method, target) in [
                ("GET", "/v1alpha/scheduledSessions"), ("PATCH", "/v1alpha/sessions/1"),
                ("POST", "/v1alpha/sessions/1/archive"),
            ] {
                let reply = try await http.call(method, target, method == "GET" ? nil : "{}")
                #expect(reply.status == 404 && reply.headers["content-type"]?.hasPrefix("text/html") == true)
            }
        }
    }

    @Test("MIRROR=0 removes the mirror, and a reload brings it back")
    func off() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let file = try folder.write("MIRROR=0\n", to: "julesd.conf")
        var launch = Launch(jules)
        launch.arguments = ["--config", file]
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("ready")
            #expect(try await http.get("/v1alpha/sessions").status == 404)
            _ = try folder.write("MIRROR=1\n", to: "julesd.conf")
            daemon.signal(1)
            try await awaitAccount(http)
        }
    }

    @Test("A client that gives up during its creation gets the same session when it asks again")
    func gaveUp() async throws {
        let simulator = try await Simulator.start()
        let launch = Launch(try await FakeJules.start(), ["JULES_API_BASE": simulator.baseURL])
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await awaitAccount(http)
            let body = #"{"prompt":"Retry uploads.","title":"Once"}"#
            simulator.withAccount {
                $0.faults.add(Fault(kind: .delay(.seconds(1)), operation: .createSession, count: 1, executed: true))
            }
            let connection = try await RawConnection(http.address)
            let head = [
                "POST /v1alpha/sessions HTTP/1.1", "Host: test", "X-Goog-Api-Key: \(Launch.token)",
                "Content-Length: \(body.utf8.count)",
            ]
            try await connection.send(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
            try await awaitTrue("the creation at the API") { simulator.withAccount { $0.sessions.count == 1 } }
            await connection.close()
            let second = try await http.post("/v1alpha/sessions", body)
            #expect(second.status == 200)
            #expect(try second.json["id"]?.string == simulator.withAccount { $0.sessions.keys.first })
            // The request has been answered now, so the same text means another task.
            #expect(try await http.post("/v1alpha/sessions", body).status == 200)
            #expect(simulator.withAccount { $0.sessions.count } == 2)
        }
        await simulator.stop()
    }
}
