// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Testing

@testable import jules_simulator

struct ServerTests {
    /// Runs `body` with a simulator whose time moves only when it is advanced.
    private func withSimulator(
        _ change: (inout SimulatorOptions) -> Void = { _ in },
        _ body: (Simulator, WebClient) async throws -> Void
    ) async throws {
        var options = SimulatorOptions()
        (options.start, options.speed, options.behavior) = (AccountFixture.start, 0, .calm)
        change(&options)
        let simulator = try await Simulator.start(options)
        do {
            try await body(simulator, WebClient(simulator.baseURL))
        } catch {
            await simulator.stop()
            throw error
        }
        await simulator.stop()
    }

    @Test("A session goes from its creation to its pull request over a socket")
    func life() async throws {
        try await withSimulator { simulator, client in
            let created = try await client.send(
                "POST", "/v1alpha/sessions",
                #"{"prompt": "Retry uploads.", "requirePlanApproval": true, "automationMode": "AUTO_CREATE_PR", "sourceContext": {"source": "sources/github/acme/harbor", "githubRepoContext": {"startingBranch": "main"}}}"#
            )
            #expect(created.status == 200)
            let name = created.json["name"]?.string ?? ""
            #expect(try await client.send("GET", "/v1alpha/\(name)/activities").status == 404)
            simulator.advance(by: .seconds(60))
            #expect(try await client.send("GET", "/v1alpha/\(name)").json["state"]?.string == "AWAITING_PLAN_APPROVAL")
            #expect(try await client.send("POST", "/v1alpha/\(name):approvePlan", "{}").body == "{}\n")
            simulator.advance(by: .seconds(86400))
            let done = try await client.send("GET", "/v1alpha/\(name)").json
            #expect(done["state"]?.string == "COMPLETED")
            #expect(done["outputs"]?.array?.count == 2)
        }
    }

    @Test("The server answers 401 without a key, HTML for an unknown URL, and a text at the root")
    func wire() async throws {
        try await withSimulator { _, client in
            #expect(try await client.send("GET", "/v1alpha/sessions", key: nil).status == 401)
            let unknown = try await client.send("GET", "/v2/sessions")
            #expect(unknown.status == 404)
            #expect(unknown.head.contains("content-type: text/html"))
            #expect(try await client.send("GET", "/").status == 200)
        }
    }

    @Test("A delivery can be reset, truncated or slow")
    func deliveries() async throws {
        try await withSimulator { simulator, client in
            let whole = try await client.send("GET", "/v1alpha/sources")
            #expect(!whole.wasReset)
            for kind in [Fault.Kind.reset, .truncate, .drip(bytes: 1000, every: .milliseconds(1))] {
                simulator.withAccount { $0.faults.add(Fault(kind: kind, count: 1)) }
            }
            let reset = try await client.send("GET", "/v1alpha/sources")
            #expect(reset.wasReset && reset.head.isEmpty)
            let truncated = try await client.send("GET", "/v1alpha/sources")
            #expect(truncated.head.contains("content-length: \(whole.body.utf8.count)"))
            #expect(truncated.body.utf8.count == whole.body.utf8.count / 2)
            #expect(try await client.send("GET", "/v1alpha/sources").body == whole.body)
        }
    }

    @Test("A test can wait for a request, and the wait ends with the simulator")
    func observation() async throws {
        var requests: AsyncStream<RequestLog.Entry>.Iterator?
        try await withSimulator { simulator, client in
            let stream = simulator.requests()
            requests = stream.makeAsyncIterator()
            _ = try await client.send("GET", "/v1alpha/sources?pageSize=2")
            let entry = await requests?.next()
            #expect(entry?.target == "/v1alpha/sources?pageSize=2")
        }
        #expect(await requests?.next() == nil)
    }

    @Test("The control endpoint shows and changes the state")
    func control() async throws {
        try await withSimulator { simulator, client in
            let made = try await client.send(
                "POST", "/simulator/sessions", #"{"state": "AWAITING_USER_FEEDBACK", "count": 2}"#)
            let id = made.json["ids"]?.array?.first?.string ?? ""
            var state = try await client.send("GET", "/simulator").json
            #expect(state["sessions"]?["states"] == ["AWAITING_USER_FEEDBACK": 2])
            #expect(state["virtualTime"]?.string == AccountFixture.start.rfc3339Shortest)

            let done = try await client.send("POST", "/simulator/sessions/\(id)", #"{"action": "complete"}"#)
            #expect(done.json["state"]?.string == "COMPLETED")
            #expect(try await client.send("DELETE", "/simulator/sessions/\(id)").status == 200)
            #expect(try await client.send("GET", "/v1alpha/sessions/\(id)").status == 404)

            let fault =
                #"{"fault": "status", "status": 429, "retryAfter": "7s", "operation": "sources.list", "count": 1}"#
            let faults = try await client.send("POST", "/simulator/faults", fault).json["faults"]
            #expect(faults == [["fault": "status", "status": 429, "operation": "sources.list", "count": 1]])
            #expect(try await client.send("GET", "/v1alpha/sources").head.contains("retry-after: 7"))
            #expect(try await client.send("GET", "/v1alpha/sources").status == 200)

            #expect(
                try await client.send("POST", "/simulator/knobs", #"{"queued": "1s", "emitPlanning": true}"#).status
                    == 200)
            #expect(simulator.withAccount { $0.behavior.queued } == .seconds(1))
            state = try await client.send("POST", "/simulator/clock", #"{"advance": "1h"}"#).json
            #expect(state["virtualTime"]?.string == "2026-11-20T10:00:00Z")
            let requests = try await client.send("GET", "/simulator/requests").json["requests"]?.array ?? []
            #expect(requests.map { $0["operation"]?.string } == ["sessions.get", "sources.list", "sources.list"])
            #expect(requests.map { $0["status"]?.int } == [404, 429, 200])
        }
    }

    @Test(
        "The control endpoint refuses what it does not know, and changes nothing",
        arguments: [
            ("POST", "/simulator/knobs", #"{"queued": "5s", "speed": 3}"#),
            ("POST", "/simulator/knobs", #"{"queued": "soon"}"#),
            ("POST", "/simulator/faults", #"{"fault": "fire"}"#),
            ("POST", "/simulator/faults", #"{"fault": "reset", "operation": "x"}"#),
            ("POST", "/simulator/faults", #"{"fault": "reset", "cuont": 1}"#),
            ("POST", "/simulator/clock", #"{"advance": "-1"}"#),
            ("POST", "/simulator/sessions/1", #"{"action": "complete"}"#), ("POST", "/simulator/sessions", "{"),
        ])
    func controlRefusals(method: String, path: String, body: String) async throws {
        try await withSimulator { simulator, client in
            let reply = try await client.send(method, path, body)
            #expect(reply.status == 400)
            #expect(reply.json["error"]?.string?.isEmpty == false)
            #expect(simulator.withAccount { $0.behavior } == .calm)
            #expect(simulator.withAccount { $0.faults.faults.isEmpty })
        }
    }

    @Test(
        "A session that is created in a state has that state",
        arguments: [
            "QUEUED", "AWAITING_PLAN_APPROVAL", "IN_PROGRESS", "AWAITING_USER_FEEDBACK", "PAUSED", "FAILED",
            "COMPLETED",
            "SOMETHING_NEW",
        ])
    func madeInState(state: String) {
        let desk = AccountFixture()
        let id = desk.account.create(.init(prompt: "x"), in: SessionState(rawValue: state))
        #expect(desk.get("/sessions/\(id)").json["state"]?.string == state)
        #expect((desk.get("/sessions/\(id)").json["outputs"] != nil) == (state == "COMPLETED"))
    }

    @Test("A test can create sessions in the process and give them commands")
    func inProcess() async throws {
        try await withSimulator { simulator, client in
            let id = simulator.withAccount { $0.create(.init(prompt: "Fix it"), in: .awaitingPlanApproval) }
            try simulator.withAccount { account throws(ControlError) in try account.command(.ask("Which one?"), id) }
            let told = try await client.send("GET", "/v1alpha/sessions/\(id)").json
            #expect(told["state"]?.string == "AWAITING_USER_FEEDBACK")
        }
    }

    @Test("A vanished session is missing from lists and reads, and comes back")
    func vanishing() throws {
        let desk = AccountFixture()
        let id = desk.create()
        try desk.account.command(.vanish(.seconds(30)), id)
        #expect(desk.get("/sessions/\(id)").status == 404)
        #expect(desk.get("/sessions").text == "{}\n")
        desk.wait(.seconds(31))
        #expect(desk.get("/sessions/\(id)").status == 200)
    }

    @Test("Touching changes only updateTime, and an activity can be of any kind")
    func touchAndActivity() throws {
        let desk = AccountFixture()
        let id = desk.create()
        let before = desk.get("/sessions/\(id)").json.object
        desk.wait(.seconds(5))
        try desk.account.command(.touch, id)
        var after = desk.get("/sessions/\(id)").json.object
        #expect(after?["updateTime"] != before?["updateTime"])
        after?["updateTime"] = before?["updateTime"]
        #expect(after == before)
        try desk.account.command(.activity(.init([.init(name: "danced", value: ["steps": 3])])), id)
        #expect(desk.get("/sessions/\(id)/activities").json["activities"]?.array?.first?["danced"] == ["steps": 3])
    }

    @Test("Simulated time runs at its speed, and a new speed starts at the present simulated time")
    func clock() {
        let real = ContinuousClock.now
        var clock = VirtualClock(startingAt: AccountFixture.start, speed: 60, real: real)
        #expect(clock.now(real + .seconds(10)) == AccountFixture.start + .seconds(600))
        clock.run(at: 1, from: real + .seconds(10))
        #expect(clock.now(real + .seconds(15)) == AccountFixture.start + .seconds(605))
        clock.advance(by: .seconds(100))
        #expect(clock.now(real + .seconds(15)) == AccountFixture.start + .seconds(705))
    }
}
