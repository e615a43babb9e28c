// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite("Webhooks", .timeLimit(.minutes(5)))
struct WebhookTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    @Test("Each delta is posted once, signed, and equal to the one in the feed")
    func delivers() async throws {
        let jules = try await FakeJules.start()
        let endpoint = try await FakeEndpoint.start()
        let launch = Launch(jules, ["NOTIFY_WEBHOOK": endpoint.url, "NOTIFY_WEBHOOK_SECRET": Self.secret])
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            let added = jules.update { $0.add() }
            jules.update { $0.change($0.sessions[1].id) { $0.state = "COMPLETED" } }
            let calls = [try await endpoint.next(), try await endpoint.next()].sorted { $0.seq < $1.seq }
            #expect(Set(calls.map(\.session)) == [added.id, jules.first.id])
            #expect(Set(calls.map(\.id)).count == 2)
            let deltas = try await http.get("/api/deltas?since=0").json["deltas"]?.array ?? []
            #expect(deltas == calls.map(\.json))
            for call in calls {
                #expect(call.headers["content-type"] == "application/json")
                #expect(call.headers["user-agent"]?.hasPrefix("julesd/") ?? false)
                let time = try #require(call.headers["webhook-timestamp"])
                let key = try #require(Base64.decode(Self.secret.dropFirst(6)))
                let code = hmacSHA256("\(call.id).\(time).\(call.body)".utf8, key: key)
                #expect(call.headers["webhook-signature"] == "v1,\(Base64.encode(code))")
            }
            try await awaitTrue("both to be noted") { try await deliveries(http, "?state=delivered").count == 2 }
            let noted = try await deliveries(http)
            #expect(Set(noted.map { $0["id"]?.string }) == Set(calls.map(\.id)))
            #expect(noted.allSatisfy { $0["lastStatus"]?.int == 204 && $0["attempts"]?.int == 1 })
            let metrics = try await http.get("/metrics").text
            #expect(metrics.contains(#"julesd_webhook_deliveries_total{result="delivered"} 2"#))
            #expect(metrics.contains("julesd_webhook_pending 0"))
            for text in [daemon.output, "\(noted)"] {
                #expect(!text.contains("hook-secret-path") && !text.contains(Self.secret))
            }
        }
    }

    @Test(
        "A refused delivery keeps its id, waits, goes out at once on request, and its session's others wait in order")
    func retries() async throws {
        let jules = try await FakeJules.start()
        let endpoint = try await FakeEndpoint.start { _ in FakeEndpoint.Answer(status: 503) }
        try await withDaemon(Launch(jules, ["NOTIFY_WEBHOOK": endpoint.url])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            jules.update { $0.change($0.sessions[0].id) { $0.title = "one" } }
            let first = try await endpoint.next()
            try await daemon.event("webhook_failing")
            jules.update { $0.change($0.sessions[0].id) { $0.title = "two" } }
            try await awaitTrue("two deliveries") { try await deliveries(http, "?state=pending").count == 2 }
            // Another session does not wait for this one.
            let other = jules.update { $0.add() }
            #expect(try await endpoint.next().session == other.id)

            endpoint.answer { _ in .ok }
            let pending = try await deliveries(http, "?state=pending")
            let failed = try #require(pending.first { $0["id"]?.string == first.id })
            #expect(failed["lastStatus"]?.int == 503 && failed["lastError"] == "answered 503")
            #expect(failed["nextAttemptAt"]?.string != nil)
            #expect(try await http.post("/api/deliveries/\(first.id)/retry", "").status == 200)
            let again = try await endpoint.calls.first("the same once more") { $0.session == first.session }
            #expect(again.id == first.id && again.body == first.body)
            let second = try await endpoint.calls.first("the one behind it") { $0.session == first.session }
            #expect(second.json["after"]?["title"] == "two")
            #expect(try await http.post("/api/deliveries/msg_none/retry", "").status == 404)
            try await awaitTrue("an end") { try await deliveries(http, "?state=delivered").count >= 2 }
            #expect(try await http.post("/api/deliveries/\(first.id)/retry", "").status == 409)
            #expect(try await http.get("/api/deliveries?state=gone").status == 400)
        }
    }

    @Test("An endpoint that hangs delays neither the other endpoint nor the feed nor the poller")
    func hang() async throws {
        let jules = try await FakeJules.start()
        let stuck = try await FakeEndpoint.start { _ in .silence }
        let quick = try await FakeEndpoint.start()
        try await withDaemon(Launch(jules, ["NOTIFY_WEBHOOK": "\(stuck.url),\(quick.url)"])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            let follower = try await FeedClient(http.address)
            _ = try await follower.next("hello")
            // More sessions than the number of deliveries to one endpoint at a time.
            let added = (1...12).map { _ in jules.update { $0.add() }.id }
            for id in added { _ = try await quick.calls.first("session \(id)") { $0.session == id } }
            _ = try await follower.delta(of: added[11])
            try await awaitTrue("all of the other's to be noted") {
                try await deliveries(http, "?state=delivered").count == 12
            }
            #expect(try await deliveries(http, "?state=pending").count == 12)
            #expect(stuck.mostWaiting == 4)
            try await jules.awaitPoll()
        }
    }

    @Test("410 ends deliveries to an endpoint until the next reload")
    func gone() async throws {
        let jules = try await FakeJules.start()
        let endpoint = try await FakeEndpoint.start { _ in FakeEndpoint.Answer(status: 410) }
        try await withDaemon(Launch(jules, ["NOTIFY_WEBHOOK": endpoint.url])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            jules.update { $0.change($0.sessions[0].id) { $0.title = "one" } }
            _ = try await endpoint.next()
            try await daemon.event("endpoint_disabled")
            let dead = try await deliveries(http, "?state=dead")
            #expect(dead.count == 1 && dead[0]["lastStatus"]?.int == 410)
            endpoint.answer { _ in .ok }
            jules.update { $0.change($0.sessions[0].id) { $0.title = "two" } }
            try await jules.awaitPoll()
            #expect(try await deliveries(http).count == 1)
            let id = try #require(dead[0]["id"]?.string)
            #expect(try await http.post("/api/deliveries/\(id)/retry", "").status == 409)

            daemon.signal(SIGHUP)
            try await daemon.event("reload_done")
            #expect(try await http.post("/api/deliveries/\(id)/retry", "").status == 200)
            #expect(try await endpoint.next().id == id)
            jules.update { $0.change($0.sessions[0].id) { $0.title = "three" } }
            #expect(try await endpoint.next().json["after"]?["title"] == "three")
        }
    }

    @Test(
        "A reload adds endpoints from the next delta on, removes others, and loses nothing that is pending"
    )
    func reload() async throws {
        let jules = try await FakeJules.start()
        let kept = try await FakeEndpoint.start { _ in FakeEndpoint.Answer(status: 500) }
        let removed = try await FakeEndpoint.start { _ in FakeEndpoint.Answer(status: 500) }
        let added = try await FakeEndpoint.start()
        let folder = try TemporaryFolder()
        try folder.write("NOTIFY_WEBHOOK=\(kept.url),\(removed.url)\n", to: "julesd.conf")
        var launch = Launch(jules)
        launch.arguments = ["--config", folder.file("julesd.conf")]
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("the account has been read")
            jules.update { $0.change($0.sessions[0].id) { $0.title = "one" } }
            let first = try await kept.next()
            let cut = try await removed.next()

            try folder.write("NOTIFY_WEBHOOK=\(added.url),\(kept.url)\nNOTIFY_EVENTS=created\n", to: "julesd.conf")
            daemon.signal(SIGHUP)
            try await daemon.event("reload_done")
            kept.answer { _ in .ok }
            jules.update { $0.change($0.sessions[0].id) { $0.title = "nobody is told" } }
            let newcomer = jules.update { $0.add() }
            #expect(try await added.next().session == newcomer.id)
            #expect(try await kept.next().session == newcomer.id)
            #expect(try await http.post("/api/deliveries/\(first.id)/retry", "").status == 200)
            #expect(try await kept.next().id == first.id)
            #expect(try await deliveries(http, "?state=dead").count == 1)
            #expect(added.calls.takeAll().isEmpty && kept.calls.takeAll().isEmpty)

            removed.answer { _ in .ok }
            try folder.write("NOTIFY_WEBHOOK=\(removed.url)\n", to: "julesd.conf")
            daemon.signal(SIGHUP)
            #expect(try await removed.next().id == cut.id)
            #expect(try await deliveries(http, "?state=dead").isEmpty)
        }
    }

    @Test("With PERSIST=1 every delta arrives at least once and in its session's order, over ten times kill -9")
    func killed() async throws {
        let jules = try await FakeJules.start { account in
            for _ in 1...5 { account.add() }
        }
        // Every third request is refused or delayed, so that each kill finds deliveries in all states.
        let count = Mutex(0)
        let endpoint = try await FakeEndpoint.start { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number % 9 == 0 ? .silence : number % 3 == 0 ? FakeEndpoint.Answer(status: 500) : .ok
        }
        let folder = try TemporaryFolder()
        let launch = Launch(
            jules, ["PERSIST": "1", "DATA_DIR": folder.path, "NOTIFY_WEBHOOK": endpoint.url, "POLL_INTERVAL": "10ms"])
        var calls: [FakeEndpoint.Call] = []
        for round in 1...10 {
            try await withDaemon(launch) { daemon in
                if round == 1 {
                    try await daemon.event("the account has been read")
                    jules.update { account in
                        account.beforeList = { account in
                            account.turn += 1
                            let turn = account.turn
                            account.change(account.sessions[turn % account.sessions.count].id) {
                                $0.title = "Turn \(turn)"
                            }
                            if turn % 4 == 0, account.sessions.count < 60 { account.add() }
                        }
                    }
                }
                for _ in 1...(3 + round) { calls.append(try await endpoint.next()) }
                daemon.signal(SIGKILL)
                _ = try await daemon.exitStatus()
            }
        }
        jules.update { $0.beforeList = nil }
        endpoint.answer { _ in .ok }
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("ready")
            try await jules.awaitPoll()
            try await awaitTrue("nothing pending") {
                let pending = try await deliveries(http, "?state=pending&limit=500")
                for delivery in pending where delivery["nextAttemptAt"]?.string != nil {
                    _ = try await http.post("/api/deliveries/\(delivery["id"]?.string ?? "")/retry", "")
                }
                return pending.isEmpty
            }
            calls += endpoint.calls.takeAll()
            let deltas = try await allDeltas(http)
            #expect(deltas.count > 50)
            #expect(Set(calls.map(\.seq)) == Set(deltas.compactMap { $0["seq"]?.int }), "each delta has arrived")
            // A repeated delivery has its first id, and nothing arrives before the earlier deltas of its session.
            #expect(Set(calls.map(\.id)).count == deltas.count)
            var newest: [String: Int] = [:]
            var seen: Set<Int> = []
            for call in calls where seen.insert(call.seq).inserted {
                #expect(call.seq > newest[call.session, default: 0], "\(call)")
                newest[call.session] = call.seq
            }
        }
    }

    private func deliveries(_ http: HTTPCaller, _ query: String = "") async throws -> [JSON] {
        try await http.get("/api/deliveries\(query)").json["deliveries"]?.array ?? []
    }

    private func allDeltas(_ http: HTTPCaller) async throws -> [JSON] {
        var all: [JSON] = []
        var since = 0
        while true {
            let page = try await http.get("/api/deltas?since=\(since)&limit=500").json
            all += page["deltas"]?.array ?? []
            since = page["nextSince"]?.int ?? 0
            if page["seq"]?.int == since { return all }
        }
    }
}
