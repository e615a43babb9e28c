// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

@Suite("The feed", .timeLimit(.minutes(5)))
struct FeedTests {
    @Test("The first reading of the account makes no deltas; a later change in the API makes one")
    func baselineThenChange() async throws {
        let jules = try await FakeJules.start { account in
            // More than one page, so that the daemon has to read further pages.
            for _ in 1...250 { account.add(state: "COMPLETED") }
        }
        try await withDaemon(Launch(jules)) { daemon in
            let (http, follower, head) = try await follow(daemon, jules)
            let page = try await http.get("/api/sessions?limit=500").json
            #expect(page["sessions"]?.array?.count == 251)
            #expect(page["seq"]?.int == head)
            let changed = jules.update { account in
                account.change(account.sessions[3].id) { $0.state = "FAILED" }
                return account.sessions[3]
            }
            let update = try await follower.next("session_update")
            let delta = try #require(update["delta"]?.array?.first)
            #expect(delta["seq"]?.int == head + 1)
            #expect(update["seq"]?.int == head + 1)
            #expect(delta["id"]?.string == changed.id)
            #expect(delta["changeType"] == "updated")
            #expect(delta["before"]?["state"] == "COMPLETED")
            #expect(delta["after"] == (try JSON(parsing: changed.json)))
            let added = jules.update { $0.add() }
            let created = try await follower.delta(of: added.id)
            #expect(created["changeType"] == "created")
            #expect(created["before"] == JSON.null)
        }
    }

    @Test("The daemon polls even without clients")
    func pollsAlone() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            try await jules.next(.list, skipping: 10)
        }
    }

    @Test("An approval is in the feed before it is answered")
    func approve() async throws {
        let jules = try await FakeJules.start { $0.add(state: "AWAITING_PLAN_APPROVAL") }
        try await withDaemon(Launch(jules, ["POLL_INTERVAL": "60s"])) { daemon in
            let waiting = jules.account.sessions[0]
            let (http, _, head) = try await follow(daemon, jules, awaiting: waiting.id)
            let reply = try await http.post("/api/sessions/\(waiting.id)/approve", #"{"state":"approved"}"#)
            #expect(reply.status == 200)
            #expect(try reply.json["state"] == "IN_PROGRESS")
            let store = try await http.get("/api/deltas?since=\(head)").json
            let delta = try #require(store["deltas"]?.array?.first)
            #expect(delta["id"]?.string == waiting.id)
            #expect(delta["before"]?["state"] == "AWAITING_PLAN_APPROVAL")
            #expect(delta["after"]?["state"] == "IN_PROGRESS")
            #expect(jules.count(.approve) == 1)
        }
    }

    @Test("A rejection is refused with advice, and Jules gets no request")
    func reject() async throws {
        let jules = try await FakeJules.start { $0.add(state: "AWAITING_PLAN_APPROVAL") }
        try await withDaemon(Launch(jules)) { daemon in
            let id = jules.account.sessions[0].id
            let (http, _, _) = try await follow(daemon, jules, awaiting: id)
            let reply = try await http.post("/api/sessions/\(id)/approve", #"{"state":"rejected"}"#)
            #expect(reply.status == 400)
            #expect(reply.text.contains("message"))
            #expect(jules.count(.approve) == 0)
        }
    }

    @Test("A message reaches Jules unchanged, and its effect is visible at once")
    func message() async throws {
        let jules = try await FakeJules.start { $0.add(state: "AWAITING_USER_FEEDBACK") }
        try await withDaemon(Launch(jules, ["POLL_INTERVAL": "60s"])) { daemon in
            let id = jules.account.sessions[0].id
            let (http, _, head) = try await follow(daemon, jules, awaiting: id)
            let reply = try await http.post("/api/sessions/\(id)/message", #"{"message":"Yes, \"please\" 👍\n"}"#)
            #expect(reply.status == 200)
            #expect(try reply.json == ["ok": true])
            let call = try await jules.call(.message)
            #expect(call.session == id)
            #expect(try JSON(parsing: call.body) == ["prompt": "Yes, \"please\" 👍\n"])
            let delta = try await http.get("/api/deltas?since=\(head)").json["deltas"]?.array?.first
            #expect(delta?["after"]?["state"] == "IN_PROGRESS")
        }
    }

    @Test("A message to a queued session is a conflict that may be retried")
    func messageToQueued() async throws {
        let jules = try await FakeJules.start {
            $0.add(state: "QUEUED")
            $0.overrides[.message] = .notFound
        }
        try await withDaemon(Launch(jules)) { daemon in
            let id = jules.account.sessions[0].id
            let (http, _, _) = try await follow(daemon, jules, awaiting: id)
            let reply = try await http.post("/api/sessions/\(id)/message", #"{"message":"Hello"}"#)
            #expect(reply.status == 409)
            #expect(try reply.json["error"] == "conflict")
            #expect(try reply.json["retry"] == true)
        }
    }

    @Test("A session can be created in the flat and in the short form", arguments: NewSessionExample.all)
    func create(_ example: NewSessionExample) async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules, ["POLL_INTERVAL": "60s"])) { daemon in
            let (http, _, head) = try await follow(daemon, jules)
            let reply = try await http.post("/api/sessions", example.body)
            #expect(reply.status == 201)
            let call = try await jules.call(.create)
            #expect(try JSON(parsing: call.body) == JSON(parsing: example.upstream))
            let id = try #require(try reply.json["id"]?.string)
            #expect(jules.account.session(id)?.json == reply.text)
            let delta = try await http.get("/api/deltas?since=\(head)").json["deltas"]?.array?.first
            #expect(delta?["id"]?.string == id)
            #expect(delta?["changeType"] == "created")
        }
    }

    @Test("A session that left the list is deleted only after a direct read confirms it")
    func deletion() async throws {
        let jules = try await FakeJules.start { $0.add(state: "COMPLETED") }
        try await withDaemon(Launch(jules)) { daemon in
            let gone = jules.account.sessions[0]
            let (http, follower, _) = try await follow(daemon, jules, awaiting: gone.id)
            jules.update { $0.overrides[.get] = .unavailable }
            jules.update { $0.remove(gone.id) }
            _ = try await jules.next(.get)
            try await jules.awaitPoll()
            #expect(try await http.get("/api/sessions/\(gone.id)").status == 200)
            jules.update { $0.overrides[.get] = nil }
            let refreshed = try await http.get("/api/sessions/\(gone.id)?refresh=1")
            #expect(refreshed.status == 404)
            let delta = try await follower.delta(of: gone.id)
            #expect(delta["changeType"] == "deleted")
            #expect(delta["after"] == JSON.null)
            #expect(delta["before"] == (try JSON(parsing: gone.json)))
        }
    }

    @Test("The poller itself checks a session that left the list, and reports its deletion")
    func deletionByPolling() async throws {
        let jules = try await FakeJules.start { $0.add(state: "COMPLETED") }
        try await withDaemon(Launch(jules)) { daemon in
            let gone = jules.account.sessions[0]
            let (_, follower, _) = try await follow(daemon, jules, awaiting: gone.id)
            jules.update { $0.remove(gone.id) }
            #expect(try await follower.delta(of: gone.id)["changeType"] == "deleted")
        }
    }

    @Test("An archived session stays, as an updated one")
    func archive() async throws {
        let jules = try await FakeJules.start { $0.add(state: "COMPLETED") }
        try await withDaemon(Launch(jules)) { daemon in
            let id = jules.account.sessions[0].id
            let (http, follower, _) = try await follow(daemon, jules, awaiting: id)
            #expect(try await http.post("/api/sessions/\(id)/archive", "{}").status == 200)
            let delta = try await follower.delta(of: id)
            #expect(delta["changeType"] == "updated")
            #expect(delta["after"]?["archived"] == true)
            #expect(try await http.get("/api/sessions").json["sessions"]?.array?.count == 1)
            #expect(try await http.get("/api/sessions?archived=all").json["sessions"]?.array?.count == 2)
        }
    }

    @Test("A change of updateTime alone makes no delta, but is stored")
    func updateTime() async throws {
        let jules = try await FakeJules.start { $0.add(state: "COMPLETED") }
        try await withDaemon(Launch(jules)) { daemon in
            let id = jules.account.sessions[0].id
            let (http, _, head) = try await follow(daemon, jules, awaiting: id)
            jules.update { $0.change(id) { _ in } }
            let expected = jules.account.session(id)?.json
            try await awaitTrue("the copy of \(id)") { try await http.get("/api/sessions/\(id)").text == expected }
            #expect(try await http.get("/api/deltas?since=\(head)").json["deltas"] == [])
        }
    }

    @Test("A list whose next page is always the same page is still read to its end")
    func tokenLoop() async throws {
        let jules = try await FakeJules.start {
            for _ in 1...5 { $0.add() }
            $0.listLoops = true
        }
        try await withDaemon(Launch(jules)) { daemon in
            let (http, follower, _) = try await follow(daemon, jules)
            #expect(try await http.get("/api/sessions").json["sessions"]?.array?.count == 6)
            let added = jules.update { $0.add() }
            _ = try await follower.delta(of: added.id)
        }
    }

    @Test("Unknown states, fields and numbers pass through byte for byte")
    func unknownFields() async throws {
        let extra =
            #","newThing":{"ratio":1.50e+3,"big":123456789012345678901234567890,"text":"\u00e9\/\ud83d\ude00","#
            + #""list":[null,[],{}]}"#
        let jules = try await FakeJules.start { $0.add(state: "DREAMING", extra: extra) }
        try await withDaemon(Launch(jules)) { daemon in
            let session = jules.account.sessions[0]
            let (http, _, head) = try await follow(daemon, jules, awaiting: session.id)
            #expect(try await http.get("/api/sessions/\(session.id)").text == session.json)
            #expect(try await http.get("/api/sessions").text.contains(session.json))
            jules.update { $0.change(session.id) { $0.state = "DREAMING_DEEPER" } }
            let reply = try await http.get("/api/deltas?since=\(head)&wait=50")
            #expect(reply.text.contains(#""before":\#(session.json)"#))
            #expect(reply.text.contains(#""after":\#(jules.account.session(session.id)?.json ?? "?")"#))
        }
    }

    @Test("An item that is no session does not drop its page")
    func badItems() async throws {
        let jules = try await FakeJules.start {
            $0.junk = ["null", "17", #""text""#, "[]", "{}", #"{"title":"no id"}"#, #"{"id":{},"name":[]}"#]
            $0.add()
        }
        try await withDaemon(Launch(jules)) { daemon in
            let (http, _, _) = try await follow(daemon, jules)
            #expect(try await http.get("/api/sessions").json["sessions"]?.array?.count == 2)
        }
    }

    @Test("Reads still work while Jules is down, and errors of Jules are reported as such")
    func outage() async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let id = jules.first.id
            let (http, _, _) = try await follow(daemon, jules, awaiting: id)
            jules.update { $0.outage = .unavailable }
            let refused = try await http.get("/api/sessions/\(id)?refresh=1")
            #expect(refused.status == 502)
            #expect(try refused.json["error"] == "jules_unavailable")
            #expect(try refused.json["retry"] == true)
            #expect(try await http.get("/api/sessions/\(id)").status == 200)
            jules.update { $0.outage = .unauthenticated }
            #expect(try await http.get("/api/sessions/\(id)?refresh=1").json["error"] == "jules_auth_failed")
            #expect(try await http.get("/api/sessions").status == 200)
        }
    }

    @Test("Activities are read on request, and sent to the clients that follow them")
    func activities() async throws {
        let activity =
            #"{"name":"sessions/1/activities/a1","id":"a1","createTime":"2026-11-20T09:15:40.733190Z","#
            + #""originator":"agent","somethingNew":{}}"#
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules)) { daemon in
            let id = jules.first.id
            let (http, _, _) = try await follow(daemon, jules, awaiting: id)
            let follower = try await FeedClient(http.address, "?activities=1&session=\(id)")
            _ = try await follower.next("hello")
            jules.update { $0.activities[id] = [activity] }
            try await awaitTrue("the activity, once POLL_INTERVAL is over") {
                try await http.get("/api/sessions/\(id)/activities").text.contains(activity)
            }
            let message = try await follower.next("activities")
            #expect(message["sessionId"]?.string == id)
            #expect(message["activities"]?.array?.count == 1)
        }
    }

    /// Waits for the first reading of the account. Returns an HTTP client, a feed client, and the seq at its start.
    private func follow(
        _ daemon: DaemonProcess, _ jules: FakeJules, awaiting id: String? = nil
    ) async throws -> (HTTPCaller, FeedClient, head: Int) {
        let http = HTTPCaller(address: try await daemon.address())
        try await daemon.event("the account has been read")
        if let id { try await awaitSession(id, http) }
        let follower = try await FeedClient(http.address)
        let hello = try await follower.next("hello")
        return (http, follower, try #require(hello["seq"]?.int))
    }
}

/// A body for `POST /api/sessions`, and the body that the API must receive for it.
struct NewSessionExample: Sendable {
    var body: String
    var upstream: String

    static let all = [
        NewSessionExample(
            body: #"{"prompt":"Do it","sourceContext":\#(context("dev")),"requirePlanApproval":true}"#,
            upstream: #"{"prompt":"Do it","sourceContext":\#(context("dev")),"requirePlanApproval":true}"#),
        NewSessionExample(
            body: #"{"prompt":"Do it","repo":"acme/harbor","branch":"dev"}"#,
            upstream: #"{"prompt":"Do it","sourceContext":\#(context("dev"))}"#),
        NewSessionExample(
            body: #"{"prompt":"Do it","repo":"acme/harbor"}"#,
            upstream: #"{"prompt":"Do it","sourceContext":\#(context("trunk"))}"#),
        NewSessionExample(
            body: #"{"prompt":"No repository at all"}"#, upstream: #"{"prompt":"No repository at all"}"#),
    ]

    private static func context(_ branch: String) -> String {
        #"{"source":"sources/github/acme/harbor","githubRepoContext":{"startingBranch":"\#(branch)"}}"#
    }
}
