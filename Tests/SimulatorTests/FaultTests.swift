// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Testing

@testable import jules_simulator

struct FaultTests {
    @Test("A fault affects only its method, and only as often as it says")
    func scope() {
        let desk = AccountFixture()
        desk.account.faults.add(Fault(kind: .status(503, html: false, .none), operation: .listSessions, count: 2))
        #expect(desk.get("/sources").status == 200)
        #expect(desk.get("/sessions").status == 503)
        #expect(desk.get("/sessions").errorStatus == "UNAVAILABLE")
        #expect(desk.get("/sessions").status == 200)
        #expect(desk.account.faults.faults.isEmpty)
    }

    @Test("A fault can affect requests at random")
    func probability() {
        let desk = AccountFixture()
        desk.account.faults.add(Fault(kind: .status(500, html: true, .none), probability: 0.3))
        let struck = (0..<1000).count { _ in desk.get("/sources").status == 500 }
        #expect((230...370).contains(struck))
    }

    @Test("429 says when to try again in each of the known forms")
    func retryAfter() {
        let desk = AccountFixture()
        func reply(_ form: Fault.RetryAfter) -> APIReply {
            desk.account.faults.add(Fault(kind: .status(429, html: false, form), count: 1))
            return desk.get("/sessions")
        }
        #expect(reply(.none).header("retry-after") == nil)
        #expect(reply(.seconds(12)).header("retry-after") == "12")
        #expect(reply(.date(.seconds(12))).header("retry-after") == "Fri, 20 Nov 2026 09:00:12 GMT")
        let info = reply(.retryInfo(.seconds(12)))
        #expect(info.header("retry-after") == nil)
        #expect(info.errorStatus == "RESOURCE_EXHAUSTED")
        #expect(info.json["error"]?["details"]?.array?.first?["retryDelay"]?.string == "12s")
    }

    @Test(
        "A create can be answered with an error and still be carried out",
        arguments: [
            (Fault.Kind.refuse, 400), (.status(500, html: true, .none), 500),
        ])
    func executed(kind: Fault.Kind, status: Int) {
        let desk = AccountFixture()
        desk.account.faults.add(Fault(kind: kind, operation: .createSession, count: 1, executed: true))
        #expect(desk.post("/sessions", #"{"prompt": "x"}"#).status == status)
        #expect(desk.account.sessions.count == 1)
    }

    @Test("A token loop names the same page for ever")
    func tokenLoop() {
        let desk = AccountFixture()
        for _ in 0..<5 { _ = desk.create() }
        desk.account.faults.add(Fault(kind: .tokenLoop))
        let first = desk.get("/sessions?pageSize=2").json
        let token = first["nextPageToken"]?.string ?? ""
        let second = desk.get("/sessions?pageSize=2&pageToken=\(token)").json
        #expect(!token.isEmpty)
        #expect(second["nextPageToken"]?.string == token)
    }

    @Test(
        "A delivery can be damaged in every way",
        arguments: [
            (Fault.Kind.reset, APIReply.Delivery.reset),
            (.drip(bytes: 3, every: .milliseconds(5)), .drip(bytes: 3, every: .milliseconds(5))),
        ])
    func delivery(kind: Fault.Kind, expected: APIReply.Delivery) {
        let desk = AccountFixture()
        desk.account.faults.add(Fault(kind: kind))
        #expect(desk.get("/sources").delivery == expected)
    }

    @Test("Bodies can differ from what they claim to be")
    func bodies() {
        let desk = AccountFixture()
        desk.account.faults.add(Fault(kind: .brokenGzip, count: 1))
        desk.account.faults.add(Fault(kind: .wrongJSON, count: 1))
        desk.account.faults.add(Fault(kind: .redirect(location: "http://127.0.0.1:1/"), count: 1))
        desk.account.faults.add(Fault(kind: .delay(.seconds(2)), count: 1))
        #expect(desk.get("/sources").header("content-encoding") == "gzip")
        let wrong = desk.get("/sources")
        #expect(wrong.status == 200 && wrong.json == .null)
        let redirect = desk.get("/sources")
        #expect(redirect.status == 302 && redirect.header("location") == "http://127.0.0.1:1/")
        #expect(desk.get("/sources").delay == .seconds(2))
    }

    @Test("Every knob reads back what was written, and refuses any other form")
    func behavior() throws {
        for entry in APIBehavior.all {
            var behavior = APIBehavior()
            try behavior.set(entry.name, to: entry.read(behavior))
            #expect(behavior == APIBehavior())
            #expect(throws: ControlError.self) { try behavior.set(entry.name, to: "?") }
        }
        var behavior = APIBehavior()
        try behavior.set("queued", to: "500ms")
        #expect(behavior.queued == .milliseconds(500))
        #expect(throws: ControlError.self) { try behavior.set("nonsense", to: "1") }
    }
}
