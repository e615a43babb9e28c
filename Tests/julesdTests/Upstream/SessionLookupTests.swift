// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import TestSupport
import Testing

@testable import jules_simulator
@testable import julesd

@Suite("Sessions that are not in the copy", .timeLimit(.minutes(1)))
struct SessionLookupTests {
    @Test(
        "An unknown session is read from Jules, and then the action is carried out",
        arguments: [
            (.GET, "", "", 200), (.GET, "/activities", "", 200), (.POST, "/approve", "", 200),
            (.POST, "/message", #"{"message":"m"}"#, 200), (.POST, "/archive", "", 200),
            (.POST, "/unarchive", "", 200), (.DELETE, "", "", 204),
        ] as [(HTTPMethod, String, String, Int)])
    func justMade(method: HTTPMethod, verb: String, body: String, status: Int) async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let id = simulator.addSession(waiting: true)
            #expect(await bench.send(method, "/api/sessions/\(id)\(verb)", body).status == status)
            #expect(simulator.count(.getSession) >= 1)
            #expect(await bench.delta { $0.change == .created }?.sessionID == id)
        }
    }

    @Test("Many requests for an unknown session cause one read, and the result is remembered for a moment")
    func unknown() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            let statuses = await withTaskGroup { group in
                for _ in 0..<50 { group.addTask { await bench.send(.GET, "/api/sessions/77").status } }
                for _ in 0..<50 { group.addTask { await bench.send(.POST, "/api/sessions/77/approve").status } }
                return await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(statuses == [404])
            #expect(simulator.count(.getSession) == 1)
            #expect(simulator.count(.approvePlan) == 0)
        }
    }

    @Test("While Jules cannot be reached, an unknown session is an error of Jules and not a missing session")
    func away() async throws {
        try await withSimulator { simulator in
            let bench = try await DaemonFixture(simulator.baseURL)
            simulator.add(Fault(kind: .status(503, html: false, .none), operation: .getSession))
            let answer = await bench.send(.GET, "/api/sessions/77")
            #expect(answer.status == 502)
            #expect(answer.json["retry"]?.bool == true)
        }
    }

    @Test(
        "An id in another form than that of Jules is answered 404 without a request to Jules",
        arguments: [
            "..", "%2E%2E", "a%2Fb", "1%3Aarchive", "%2e", "1%0A2", "%00", "1%20", "%F0%9F%98%80", "a%3Fb",
            String(repeating: "1", count: 200),
        ])
    func otherForm(id: String) async throws {
        let server = try await ScriptedServer { _ in .json(#"{"id":"1"}"#) }
        let bench = try await DaemonFixture(server.url)
        for (method, verb, body) in [
            (.GET, "", ""), (.GET, "?refresh=1", ""), (.GET, "/activities", ""), (.POST, "/approve", ""),
            (.POST, "/message", #"{"message":"m"}"#), (.POST, "/archive", ""), (.POST, "/unarchive", ""),
            (.DELETE, "", ""),
        ] as [(HTTPMethod, String, String)] {
            let answer = await bench.send(method, "/api/sessions/\(id)\(verb)", body)
            #expect(answer.status == 404, "\(method) \(verb)")
            #expect(answer.error == "not_found")
        }
        #expect(server.requests.isEmpty)
    }

    @Test(
        "A repository name in another form is refused without a request to Jules",
        arguments: ["../..", "./x", "a/..", "a/b/c", "a", "a/b c", "a/b?c", "/b", "a/", "a/b\\n"])
    func repository(name: String) async throws {
        let server = try await ScriptedServer { _ in .json("{}") }
        let bench = try await DaemonFixture(server.url)
        let answer = await bench.send(.POST, "/api/sessions", #"{"prompt":"p","repo":"\#(name)"}"#)
        #expect(answer.status == 400)
        #expect(answer.json["details"]?.array?.first?["field"]?.string == "repo")
        #expect(server.requests.isEmpty)
    }
}
