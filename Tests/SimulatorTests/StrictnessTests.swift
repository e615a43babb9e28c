// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Testing

@testable import jules_simulator

struct StrictnessTests {
    @Test(
        "A create body with a wrong or unknown field is refused, and the field is named",
        arguments: [
            (#"{"session": {"prompt": "x"}}"#, [""]),
            (#"{"prompt": "x", "speed": 1}"#, [""]),
            (#"{"prompt": "x", "sourceContext": {"sourceName": "x"}}"#, ["source_context"]),
            (#"{"prompt": "x", "automationMode": "MANUAL"}"#, ["automation_mode"]),
            (#"{"prompt": "x", "automationMode": "NONE"}"#, ["automation_mode"]),
            (#"{"prompt": 5}"#, ["prompt"]),
            (#"{"prompt": "x", "requirePlanApproval": "yes"}"#, ["require_plan_approval"]),
            (#"{"prompt": "x", "sourceContext": []}"#, ["source_context"]),
            (#"{}"#, ["prompt"]),
            (#"{"prompt": ""}"#, ["prompt"]),
            (#"{"prompt": "x", "sourceContext": {}}"#, ["source_context.source"]),
            (
                #"{"prompt": "x", "sourceContext": {"source": "sources/github/acme/harbor", "githubRepoContext": {}}}"#,
                ["source_context.github_repo_context.starting_branch"]
            ),
        ])
    func createBody(body: String, fields: [String]) {
        let desk = AccountFixture()
        let reply = desk.post("/sessions", body)
        #expect(reply.status == 400)
        #expect(reply.errorStatus == "INVALID_ARGUMENT")
        #expect(
            reply.json["error"]?["details"]?.array?.first?["@type"]?.string
                == "type.googleapis.com/google.rpc.BadRequest")
        #expect(reply.violations == fields.map { $0.isEmpty ? "session" : "session." + $0 })
        #expect(desk.account.sessions.isEmpty)
    }

    @Test(
        "A body may use the names of the proto file, and null counts as absent",
        arguments: [
            #"{"prompt": "x", "title": null, "source_context": {"source": "sources/github/acme/harbor", "github_repo_context": {"starting_branch": "main"}}, "require_plan_approval": true}"#,
            #"{"prompt": "x", "sourceContext": {"source": "sources/github/acme/harbor", "githubRepoContext": {"startingBranch": "main"}, "workingBranch": null}, "requirePlanApproval": true, "automationMode": null}"#,
        ])
    func protoNames(body: String) {
        let desk = AccountFixture()
        let reply = desk.post("/sessions", body)
        #expect(reply.status == 200)
        #expect(reply.json["requirePlanApproval"]?.bool == true)
        #expect(reply.json["sourceContext"]?["source"]?.string == "sources/github/acme/harbor")
        #expect(reply.json["sourceContext"]?["githubRepoContext"]?["startingBranch"]?.string == "main")
    }

    @Test("A body that is not a JSON object is refused", arguments: ["null", "[]", "", "{", "{} x", "\"prompt\""])
    func createSyntax(body: String) {
        let desk = AccountFixture()
        #expect(desk.post("/sessions", body).status == 400)
    }

    @Test(
        "Actions require an object without members",
        arguments: [
            ("approvePlan", "null", 400), ("archive", "null", 400), ("unarchive", "null", 400),
            ("archive", #"{"force": true}"#, 400), ("archive", "{}", 200), ("archive", "", 200),
            ("sendMessage", "{}", 400), ("sendMessage", #"{"message": "x"}"#, 400),
            ("sendMessage", #"{"prompt": ""}"#, 400),
            ("sendMessage", #"{"prompt": "x"}"#, 200),
        ])
    func actionBody(verb: String, body: String, status: Int) {
        let desk = AccountFixture()
        let id = desk.create()
        #expect(desk.wait(for: .inProgress, of: id))
        #expect(desk.post("/sessions/\(id):\(verb)", body).status == status)
    }

    @Test("An absent action body can be refused too")
    func absentActionBody() {
        let desk = AccountFixture(behavior: .calm { $0.emptyActionBody = false })
        let id = desk.create()
        #expect(desk.post("/sessions/\(id):archive", "").status == 400)
    }

    @Test(
        "An unknown query parameter, page size, token, mask or filter is refused",
        arguments: [
            "/sessions?state=QUEUED", "/sessions?pageSize=x", "/sessions?pageSize=-1", "/sessions?pageToken=zzz",
            "/sessions?filter=state%3DQUEUED", "/sessions?filter=archived", "/sessions?filter=archived%3Dmaybe",
            "/sessions?filter=archived%3Dtrue+OR", "/sessions?filter=(archived%3Dtrue", "/sessions?fields=sessions(",
            "/sessions?fields=sessions/nonsense", "/sessions/ID?pageSize=1",
            "/sessions/ID/activities?createTime=2026-01-01T00:00:00Z",
            "/sessions/ID/activities?filter=createTime%3E%222026-01-01T00:00:00Z%22",
            "/sessions/ID/activities?filter=create_time%3E2026-01-01T00:00:00Z",
            "/sessions/ID/activities?filter=create_time%3E%22yesterday%22", "/sessions/ID/activities?pageToken=abc",
            "/sources?filter=owner%3Dacme", "/sources?filter=name%3Dacme", "/sources?pageToken=1",
        ])
    func queries(target: String) {
        let desk = AccountFixture()
        let id = desk.create()
        desk.wait(.seconds(10))
        let reply = desk.get(target.replacing("ID", with: id))
        #expect(reply.status == 400)
        #expect(reply.errorStatus == "INVALID_ARGUMENT")
    }

    @Test(
        "Each filter of archived sessions matches the expected sessions",
        arguments: [
            ("", [false]), ("archived = false", [false]), ("archived=true", [true]),
            ("archived = true OR archived = false", [false, true]), ("NOT archived = true", [false]),
            ("archived != false", [true]), ("(archived = true OR archived = false) AND archived = true", [true]),
            ("archived = true AND archived = false", []),
        ])
    func archivedFilter(text: String, kept: [Bool]) throws {
        let filter = try ArchivedFilter(text)
        #expect([false, true].filter { filter.matches(archived: $0) } == kept)
    }

    @Test(
        "A URL of no method is answered with the front end's HTML",
        arguments: [
            ("GET", "/session"), ("GET", "/sessions/"), ("PATCH", "/sessions/1"), ("PUT", "/sessions"),
            ("POST", "/sessions/1/approvePlan"), ("POST", "/sessions/1:cancel"), ("POST", "/sessions/1"),
            ("GET", "/scheduledSessions"), ("GET", "/sessions/1/events"), ("POST", "/sources"),
            ("POST", "/sessions/1%3Aarchive"), ("GET", "/sessions/%zz"),
        ])
    func unknownURL(method: String, path: String) {
        let desk = AccountFixture()
        let reply = desk.send(method, path)
        #expect(reply.status == 404)
        #expect(reply.header("content-type")?.hasPrefix("text/html") == true)
        #expect(reply.text.contains("<!DOCTYPE html>"))
    }

    @Test(
        "A missing resource is NOT_FOUND without details",
        arguments: [
            ("GET", "/sessions/1"), ("DELETE", "/sessions/1"), ("POST", "/sessions/1:approvePlan"),
            ("GET", "/sessions/1/activities"), ("GET", "/sessions/1/activities/2"),
            ("GET", "/sources/github/acme/nothing"),
        ])
    func notFound(method: String, path: String) {
        let desk = AccountFixture()
        let reply = desk.send(method, path, method == "POST" ? "{}" : "")
        #expect(reply.status == 404)
        #expect(reply.errorStatus == "NOT_FOUND")
        #expect(reply.json["error"]?["details"] == nil)
    }

    @Test("A missing key and a wrong key get the same form of error", arguments: [nil, "", "wrong"] as [String?])
    func key(key: String?) {
        let desk = AccountFixture(key: "right")
        let reply = desk.send("GET", "/sessions", key: key)
        #expect(reply.status == 401)
        #expect(reply.errorStatus == "UNAUTHENTICATED")
        let detail = reply.json["error"]?["details"]?.array?.first
        #expect(detail?["reason"]?.string == "CREDENTIALS_MISSING")
        #expect(detail?["domain"]?.string == "googleapis.com")
        #expect(detail?["metadata"]?["method"]?.string == "google.labs.jules.v1alpha.JulesService.ListSessions")
        #expect(desk.send("GET", "/sessions", key: "right").status == 200)
        #expect(desk.send("GET", "/sessions?key=right", key: nil).status == 200)
    }

    @Test("Without a configured key any key is accepted, but not a missing one")
    func anyKey() {
        let desk = AccountFixture()
        #expect(desk.send("GET", "/sources", key: "whatever").status == 200)
        #expect(desk.send("GET", "/sources", key: nil).status == 401)
    }

    @Test("A source of another account is refused without a reason")
    func unknownSource() {
        let desk = AccountFixture()
        let reply = desk.post(
            "/sessions", #"{"prompt": "x", "sourceContext": {"source": "sources/github/else/where"}}"#)
        #expect(reply.status == 400)
        #expect(reply.errorStatus == "FAILED_PRECONDITION")
        #expect(reply.json["error"]?["details"] == nil)
    }
}
