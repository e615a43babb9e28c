// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

@Suite("The inbox over HTTP", .timeLimit(.minutes(5)))
struct InboxTests {
    private func items(_ http: HTTPCaller, _ query: String = "") async throws -> [JSON] {
        let reply = try await http.get("/api/inbox\(query)")
        #expect(reply.status == 200)
        return try #require(try reply.json["items"]?.array)
    }

    private func plan(_ id: String) -> String {
        #"""
        {"id":"a\#(id)","createTime":"2026-11-20T09:14:03Z","originator":"agent","planGenerated":{"plan":{"id":"p\#(id)","steps":[{"title":"Read"},{"title":"Write","index":1}]}}}
        """#
    }

    @Test("A plan is in the inbox with its steps, leaves when acknowledged, and returns when there is a newer one")
    func plan() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let launch = Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])
        let id = jules.first.id
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await awaitSession(id, http)
            #expect(try await items(http).isEmpty)
            #expect(try await http.post("/api/sessions/\(id)/acknowledge", "{}").status == 409)
            #expect(try await http.post("/api/sessions/0/acknowledge", "{}").status == 404)
            let since = try #require(try await http.get("/api/sessions").json["seq"]?.int)
            jules.update { account in
                account.activities[id] = [plan("1")]
                account.change(id) { $0.state = "AWAITING_PLAN_APPROVAL" }
            }
            try await awaitTrue("the plan in the inbox") { try await items(http).first?["planId"] == "p1" }
            let item = try #require(try await items(http, "?reason=plan").first)
            #expect(item["sessionId"]?.string == id && item["reason"] == "plan")
            #expect(item["planSteps"] == ["Read", "Write"] && item["question"] == nil)
            #expect(item["since"] == "2026-11-20T09:14:03.000Z")
            #expect(try item["session"] == JSON(parsing: #require(jules.account.session(id)).json))
            #expect(try await items(http, "?reason=failed").isEmpty)
            let page = try await http.get("/api/inbox").json
            #expect(try #require(page["seq"]?.int) > since && page["epoch"]?.string?.isEmpty == false)
            let deltas = try await http.get("/api/deltas?since=\(since)").json["deltas"]?.array ?? []
            #expect(deltas.compactMap { $0["attention"]?.string } == ["plan"])
            #expect(try await http.post("/api/sessions/\(id)/acknowledge", "{}").status == 204)
            #expect(try await items(http).isEmpty)
            daemon.signal(SIGKILL)
            _ = try await daemon.exitStatus()
        }
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("ready")
            #expect(try await items(http).isEmpty)
            jules.update { account in
                account.activities[id]?.append(
                    plan("2").replacing(":14:03Z", with: ":15:03Z"))
                account.change(id) { $0.title = "Newer" }
            }
            try await awaitTrue("the newer plan") { try await items(http).first?["planId"] == "p2" }
            daemon.signal(SIGKILL)
            _ = try await daemon.exitStatus()
        }
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            #expect(try await items(http).first?["planId"] == "p2", "the inbox survives a kill")
        }
    }

    @Test("A wrong query is refused by name")
    func wrongQuery() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            for query in ["reason=tired", "limit=0", "limit=501", "cursor=x", "state=FAILED"] {
                let reply = try await http.get("/api/inbox?\(query)")
                let name = query.prefix { $0 != "=" }
                #expect(reply.status == 400 && reply.text.contains("\"field\":\"\(name)\""), "\(query)")
            }
            #expect(try await http.get("/api/inbox?reason=tired").text.contains("plan, question, stalled, expired"))
        }
    }

    @Test("An action on many sessions answers for each of them, in the order of the request")
    func bulk() async throws {
        let jules = try await FakeJules.start { account in
            for state in ["COMPLETED", "AWAITING_PLAN_APPROVAL", "COMPLETED"] { account.add(state: state) }
        }
        let ids = jules.account.sessions.map(\.id)
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            for id in ids { try await awaitSession(id, http) }
            func bulk(_ action: String, _ ids: [String]) async throws -> [JSON] {
                let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
                let reply = try await http.post("/api/sessions/bulk", #"{"action":"\#(action)","ids":[\#(list)]}"#)
                #expect(reply.status == 200)
                return try #require(try reply.json["results"]?.array)
            }
            let archived = try await bulk("archive", [ids[0], "77", ids[2], ids[0]])
            #expect(archived.map { $0["id"]?.string } == [ids[0], "77", ids[2], ids[0]])
            #expect(archived.map { $0["ok"]?.bool } == [true, false, true, true])
            #expect(archived[1]["error"] == "not_found" && archived[1]["message"]?.string?.contains("77") == true)
            #expect(jules.count(.archive) == 2, "an id given twice is done once")
            #expect(try await http.get("/api/sessions/\(ids[0])").json["archived"] == true)
            let acknowledged = try await bulk("acknowledge", [ids[1], ids[2]])
            #expect(acknowledged.map { $0["ok"]?.bool } == [true, false])
            #expect(acknowledged[1]["error"] == "conflict")
            #expect(try await bulk("unarchive", [ids[2]]).map { $0["ok"]?.bool } == [true])
            #expect(try await bulk("delete", [ids[3], ids[2]]).map { $0["ok"]?.bool } == [true, true])
            #expect(jules.account.sessions.map(\.id) == [ids[0], ids[1]])
            for body in [
                #"{"action":"approve","ids":["1"]}"#, #"{"action":"archive","ids":[]}"#, #"{"action":"archive"}"#,
                #"{"ids":["1"]}"#, #"{"action":"archive","ids":[1]}"#, #"{"action":"archive","ids":"1"}"#,
                #"{"action":"archive","ids":["1"],"more":1}"#,
                #"{"action":"archive","ids":[\#(Array(repeating: "\"1\"", count: 501).joined(separator: ","))]}"#,
            ] {
                #expect(try await http.post("/api/sessions/bulk", body).status == 400, "\(body.prefix(60))")
            }
        }
    }

    @Test("An action on many sessions waits if Jules asks for it, and reports what it did not reach")
    func paced() async throws {
        let jules = try await FakeJules.start { account in
            for _ in 1...5 { account.add(state: "COMPLETED") }
            account.overrides[.archive] = .throttled(seconds: 1)
        }
        let ids = jules.account.sessions.map(\.id)
        let body = #"{"action":"archive","ids":[\#(ids.map { "\"\($0)\"" }.joined(separator: ","))]}"#
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            for id in ids { try await awaitSession(id, http) }
            async let reply = http.post("/api/sessions/bulk", body)
            try await jules.next(.archive)
            jules.update { $0.overrides[.archive] = nil }
            #expect(try await reply.json["results"]?.array?.allSatisfy { $0["ok"] == true } == true)
            jules.update { $0.overrides[.archive] = .throttled(seconds: 3600) }
            let results = try #require(try await http.post("/api/sessions/bulk", body).json["results"]?.array)
            #expect(results.map { $0["id"]?.string } == ids)
            for result in results {
                #expect(result["ok"] == false && result["error"] == "overloaded" && result["retry"] == true)
            }
        }
    }

    @Test("A session that expired unseen is reported after its activities were read")
    func unseen() async throws {
        let jules = try await FakeJules.start()
        let id = jules.first.id
        try await withDaemon(Launch(jules)) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await awaitSession(id, http)
            jules.update { account in
                account.activities[id] = [plan("1")]
                account.change(id) { $0.state = "COMPLETED" }
            }
            try await awaitTrue("the expired plan") { try await items(http).first?["reason"] == "expired" }
            #expect(try await items(http).first?["planId"] == "p1")
        }
    }

    @Test("The status reports the state of all parts")
    func status() async throws {
        let jules = try await FakeJules.start { $0.add(state: "AWAITING_PLAN_APPROVAL") }
        try await withDaemon(Launch(jules, ["UPSTREAM_BUDGET": "5000"])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            let status = try await http.get("/api/status").json
            #expect(status["version"]?.string?.isEmpty == false && status["epoch"]?.string?.isEmpty == false)
            #expect(status["seq"]?.int != nil && status["startedAt"]?.string?.hasSuffix("Z") == true)
            #expect(status["upstream"]?["state"] == "ok" && status["upstream"]?["reason"] == nil)
            #expect(status["upstream"]?["since"]?.string != nil && status["upstream"]?["lastAnswer"]?.string != nil)
            #expect(status["budget"]?["limit"] == 5000)
            #expect(try (1..<5000).contains(#require(status["budget"]?["remaining"]?.int)))
            #expect(status["sessions"] == ["AWAITING_PLAN_APPROVAL": 1, "IN_PROGRESS": 1])
            #expect(status["inbox"] == ["plan": 1])
            #expect(status["clients"] == ["websocket": 0, "events": 0])
            #expect(status["webhooks"] == ["pending": 0, "dead": 0])
            #expect(status["store"]?["kind"] == "memory" && status["store"]?["bytes"]?.int ?? 0 > 0)
            #expect(status["created24h"]?.int != nil)
            let socket = try await FeedClient(http.address)
            try await awaitTrue("the client in the status") {
                try await http.get("/api/status").json["clients"]?["websocket"] == 1
            }
            await socket.connection.close()
            try await awaitTrue("nobody in the status") {
                try await http.get("/api/status").json["clients"]?["websocket"] == 0
            }
            jules.update { $0.outage = .unavailable }
            try await awaitTrue("the trouble in the status") {
                let upstream = try await http.get("/api/status").json["upstream"]
                return upstream?["state"] == "degraded" && upstream?["reason"]?.string?.contains("503") == true
            }
            jules.update { $0.outage = .unauthenticated }
            try await awaitTrue("the refusal in the status") {
                try await http.get("/api/status").json["upstream"]?["state"] == "refused"
            }
        }
    }
}
