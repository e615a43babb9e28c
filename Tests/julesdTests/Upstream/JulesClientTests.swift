// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import TestSupport
import Testing

@testable import julesd

@Suite("JulesClient", .timeLimit(.minutes(1)))
struct JulesClientTests {
    private func client(
        _ server: ScriptedServer, path: String = "/v1alpha", key: String? = "k-1", timeout: Duration = .seconds(10)
    ) -> JulesClient {
        JulesClient(http: HTTPClient(userAgent: "julesd-test/1"), base: server.url + path, key: key, timeout: timeout)
    }

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test("Each of the twelve methods is requested in the API's form")
    func methods() async throws {
        let server = try await ScriptedServer { _ in .json("{}") }
        let client = client(server)
        _ = try await client.sessions()
        _ = try await client.session("1")
        _ = try await client.createSession(body: Array(#"{"prompt":"p"}"#.utf8))
        try await client.deleteSession("1")
        try await client.approvePlan("1")
        try await client.sendMessage("1", prompt: "say \"hi\"")
        try await client.archive("1")
        try await client.unarchive("1")
        _ = try await client.activities(session: "1")
        _ = try await client.activity(session: "1", "a")
        _ = try await client.sources()
        _ = try await client.source("sources/github/acme/harbor")
        #expect(
            server.requests.map { "\($0.line) \($0.text)" } == [
                "GET /v1alpha/sessions ", "GET /v1alpha/sessions/1 ", #"POST /v1alpha/sessions {"prompt":"p"}"#,
                "DELETE /v1alpha/sessions/1 ", "POST /v1alpha/sessions/1:approvePlan {}",
                #"POST /v1alpha/sessions/1:sendMessage {"prompt":"say \"hi\""}"#,
                "POST /v1alpha/sessions/1:archive {}", "POST /v1alpha/sessions/1:unarchive {}",
                "GET /v1alpha/sessions/1/activities ", "GET /v1alpha/sessions/1/activities/a ",
                "GET /v1alpha/sources ", "GET /v1alpha/sources/github/acme/harbor ",
            ])
        for request in server.requests {
            #expect(request.headers["x-goog-api-key"] == ["k-1"])
            #expect(request.headers["content-type"] == (request.method == .POST ? ["application/json"] : []))
        }
    }

    @Test("Path and query are encoded, and the key is in neither")
    func encoding() async throws {
        let server = try await ScriptedServer { _ in .json("{}") }
        let client = client(server, path: "/v1alpha/")
        _ = try await client.source("sources/a?b#c é../..")
        _ = try await client.sessions(pageToken: "a+b=&c", pageSize: 7, filter: "archived = true")
        _ = try await client.activities(
            session: "1", createdAfter: "2026-11-20T09:14:02.417853Z", pageToken: "t", pageSize: 5)
        let requests = server.requests
        #expect(requests[0].path == "/v1alpha/sources/a%3Fb%23c%20%C3%A9../%2E%2E")
        #expect(
            requests[1].query.pairs.map { "\($0.name)=\($0.value)" }
                == ["pageSize=7", "pageToken=a+b=&c", "filter=archived = true"])
        #expect(
            requests[2].query.pairs.map { "\($0.name)=\($0.value)" }
                == ["pageSize=5", "pageToken=t", #"filter=create_time > "2026-11-20T09:14:02.417853Z""#])
        #expect(requests.allSatisfy { $0.query["key"] == nil })
    }

    @Test(
        "Nothing is sent for an id that a session cannot have",
        arguments: ["", ".", "..", "a/b", "1:archive", "1\n", "é", "1?x=1"])
    func otherIDs(id: String) async throws {
        let server = try await ScriptedServer { _ in .json("{}") }
        let client = client(server)
        let calls: [(JulesClient) async throws -> Void] = [
            { _ = try await $0.session(id) }, { try await $0.deleteSession(id) }, { try await $0.approvePlan(id) },
            { try await $0.sendMessage(id, prompt: "p") }, { try await $0.archive(id) }, { try await $0.unarchive(id) },
            { _ = try await $0.activities(session: id) }, { _ = try await $0.activity(session: id, "a") },
        ]
        for call in calls {
            let error = await #expect(throws: UpstreamError.self) { try await call(client) }
            #expect(error?.isNotFound == true)
        }
        #expect(server.requests.isEmpty)
    }

    @Test("Resources are returned as received without white space, with unknown fields and long ids")
    func resources() async throws {
        let server = try await ScriptedServer(script: [
            .json("{ \"id\" : \"14550388554331055113\",\n \"new\": [1.50, {\"x\": null}] }"),
            .json(#"{ "sessions": [ {"id": "1"}, 7, { } ], "nextPageToken": "n" }"#), .json("{}"),
            .json(#"{ "id": "1" , "archived": true}"#), .json(" {} "), .reply(200, ""),
        ])
        let client = client(server, key: nil)
        #expect(text(try await client.session("1")) == #"{"id":"14550388554331055113","new":[1.50,{"x":null}]}"#)
        let page = try await client.sessions()
        #expect(page.items.map(text) == [#"{"id":"1"}"#, "{}"])
        #expect(page.nextPageToken == "n" && page.skipped == 1)
        #expect(try await client.sessions().items.isEmpty)
        #expect(text(try await client.archive("1")) == #"{"id":"1","archived":true}"#)
        #expect(try await client.archive("1") == nil)
        #expect(try await client.unarchive("1") == nil)
        #expect(server.requests.allSatisfy { $0.headers["x-goog-api-key"].isEmpty })
    }

    @Test("An empty reply to an action is accepted", arguments: ["", "{}", " {}\n"])
    func emptyReplies(body: String) async throws {
        let server = try await ScriptedServer { _ in .reply(200, body) }
        let client = client(server)
        try await client.approvePlan("1")
        try await client.sendMessage("1", prompt: "p")
        try await client.deleteSession("1")
    }

    @Test("An answer that is not a resource is an error", arguments: ["", "[]", "null", "<html>", #"{"id":"#])
    func undecodable(body: String) async throws {
        let server = try await ScriptedServer { _ in .reply(200, body) }
        let client = client(server)
        let error = await #expect(throws: UpstreamError.self) { try await client.createSession(body: []) }
        guard case .undecodable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveArrived == true)
        await #expect(throws: UpstreamError.self) { try await client.sessions() }
    }

    @Test("An error of the API is passed on after one request")
    func errors() async throws {
        let server = try await ScriptedServer(script: [
            .error(503, "UNAVAILABLE"), .error(404, "NOT_FOUND", message: "Requested entity was not found."),
            .reply(302, headers: ["location": "https://example.com/"], ""),
        ])
        let client = client(server)
        await #expect(throws: UpstreamError.failed(status: 503, retryAfter: nil)) { try await client.session("1") }
        let missing = await #expect(throws: UpstreamError.self) { try await client.session("1") }
        #expect(missing?.isNotFound == true)
        await #expect(throws: UpstreamError.undecodable(reason: "status 302")) { try await client.session("1") }
        #expect(server.requests.count == 3)
    }

    @Test("A silent server, a broken connection and a cancelled task are told apart")
    func transport() async throws {
        let server = try await ScriptedServer { $0.path == "/v1alpha/sessions/hang" ? .hangUp : .silence }
        await #expect(throws: UpstreamError.timedOut(sent: true)) {
            try await client(server, timeout: .milliseconds(50)).session("1")
        }
        let broken = await #expect(throws: UpstreamError.self) { try await client(server).session("hang") }
        #expect(broken?.isTransient == true && broken?.mayHaveArrived == true)
        let task = Task { try await client(server).session("2") }
        for await request in server.arrivals where request.path == "/v1alpha/sessions/2" { break }
        task.cancel()
        await #expect(throws: UpstreamError.cancelled(sent: true)) { try await task.value }
    }
}
