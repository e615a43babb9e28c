// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOHTTP1
import Testing

@testable import jules_simulator
@testable import julesd

/// One request to the Jules API; the target is below `/v1alpha`.
private struct Call {
    var method = HTTPMethod.GET
    let target: String
    var body = ""
    /// The name of the list in the answer, if all its pages are read.
    var list: String?
}

@Suite("The mirror compared with the API", .timeLimit(.minutes(2)))
struct ComparisonTests {
    /// Two equal accounts: one is asked directly, the other through the daemon.
    private struct Pair {
        let direct: Simulator
        let bench: DaemonFixture

        func api(_ call: Call, _ target: String) async throws -> Reply {
            let parts = target.split(separator: "?", maxSplits: 1)
            let query = HTTPQuery(parts.count > 1 ? parts[1] : "").pairs.map { (name: $0.name, value: $0.value) }
            let request = APIRequest(
                method: call.method.rawValue, path: String(parts[0]), query: query, key: "k",
                body: Array(call.body.utf8))
            let reply = direct.withAccount { $0.handle(request, at: $0.now) }
            return Reply(status: reply.status, body: reply.body)
        }

        func mirror(_ call: Call, _ target: String) async -> Reply {
            let answer = await bench.send(call.method, target, call.body)
            return Reply(status: answer.status, body: answer.body)
        }
    }

    private struct Reply: Equatable {
        let status: Int
        let body: [UInt8]
        /// The body as JSON; an HTML page as its text.
        var json: JSON { (try? JSON(parsing: body)) ?? .string(String(decoding: body, as: UTF8.self)) }
        var token: String? { json["nextPageToken"]?.string }

        /// The answer without its token, because each side has its own tokens.
        var comparable: JSON {
            guard var object = json.object else { return json }
            object["nextPageToken"] = nil
            return .object(object)
        }
    }

    @Test("Several hundred requests get the same answers as from the API, member by member and page by page")
    func alike() async throws {
        var options = SimulatorOptions()
        options.speed = 0
        options.sessions = 75
        options.active = 12
        options.behavior.activitiesDelay = .zero
        options.behavior.sharedTimestampRate = 0.2
        let direct = try await Simulator.start(options)
        let upstream = try await Simulator.start(options)
        // The same history on both sides.
        for simulator in [direct, upstream] { simulator.advance(by: .seconds(3600)) }
        let bench = try await DaemonFixture(upstream.baseURL)
        let pair = Pair(direct: direct, bench: bench)
        try await bench.polling {
            while try await !bench.store.hasBaseline() { try await Task.sleep(for: .milliseconds(5)) }
        }
        var count = 0
        for call in reads(direct) + writes(direct) {
            let (api, mirror) = try await (
                all(call) { try await pair.api(call, $0) }, all(call) { await pair.mirror(call, $0) }
            )
            let name = "\(call.method) \(call.target) \(call.body)"
            count += mirror.count
            if call.list == "activities" {
                // At the API, a page may begin with activities of the same time as the last one of the page before. The
                // mirror does not repeat them.
                let told = mirror.flatMap { $0.json["activities"]?.array ?? [] }
                #expect(told == api.flatMap { $0.json["activities"]?.array ?? [] }.withoutRepeats, "\(name)")
                continue
            }
            #expect(api.map(\.status) == mirror.map(\.status), "\(name): \(mirror.map(\.json))")
            #expect(api.map(\.comparable) == mirror.map(\.comparable), "\(name)")
        }
        #expect(count > 400, "\(count) answers were compared")
        await direct.stop()
        await upstream.stop()
    }

    /// The answers to a request and to its further pages.
    private func all(_ call: Call, _ ask: (String) async throws -> Reply) async throws -> [Reply] {
        var replies = [try await ask("/v1alpha" + call.target)]
        let separator = call.target.contains("?") ? "&" : "?"
        while call.list != nil, let token = replies.last?.token, replies.count < 200 {
            replies.append(try await ask("/v1alpha\(call.target)\(separator)pageToken=\(token)"))
        }
        return replies
    }

    private func reads(_ simulator: Simulator) -> [Call] {
        let ids = simulator.withAccount { $0.order.map(\.id) }
        let activities = simulator.withAccount { account in
            account.sessions.values.flatMap { session in session.activities.prefix(2).map { (session.id, $0) } }
        }
        var calls: [Call] = []
        for size in ["", "pageSize=1", "pageSize=7", "pageSize=100", "pageSize=5000", "pageSize=0"] {
            calls.append(Call(target: "/sessions?\(size)", list: "sessions"))
            calls.append(Call(target: "/sources?\(size)", list: "sources"))
            // With pages of one, the API never gets past two activities of the same time.
            guard size != "pageSize=1" else { continue }
            calls.append(Call(target: "/sessions/\(ids[0])/activities?\(size)", list: "activities"))
        }
        let filters = [
            "archived=true", "archived = true OR archived = false", "archived=false", "NOT archived=true",
            "archived=true AND archived=false", "archived!=true", "state=COMPLETED", "archived", "(archived=true", "x",
        ]
        calls += filters.map { Call(target: "/sessions?pageSize=40&filter=\(encoded($0))", list: "sessions") }
        for mask in [
            "sessions(id,state),nextPageToken", "sessions/name", "nextPageToken", "*", "sessions(*)", "bogus",
            "sessions(", "sessions/sourceContext/githubRepoContext", "sessions,,id",
        ] {
            calls.append(Call(target: "/sessions?fields=\(encoded(mask))&pageSize=3"))
        }
        for query in [
            "pageSize=-1", "pageSize=x", "pageSize=1.5", "pageToken=bogus", "pageToken=Cg00", "createTime=1", "state=X",
            "alt=json", "prettyPrint=false",
        ] {
            calls += ["/sessions", "/sources", "/sessions/\(ids[0])/activities"].map { Call(target: "\($0)?\(query)") }
        }
        for id in ids.suffix(40) { calls.append(Call(target: "/sessions/\(id)")) }
        for id in ids.prefix(20) {
            calls.append(Call(target: "/sessions/\(id)/activities?pageSize=9", list: "activities"))
        }
        for (session, activity) in activities.prefix(60) {
            calls.append(Call(target: "/sessions/\(session)/activities/\(activity.id)"))
            let filter = encoded("create_time > \"\(activity.createTime.rfc3339Exact)\"")
            calls.append(Call(target: "/sessions/\(session)/activities?filter=\(filter)&fields=activities/id"))
            calls.append(
                Call(target: "/sessions/\(session)/activities?pageToken=\(activity.createTime.nanoseconds)&pageSize=2"))
        }
        for filter in ["create_time>1", "createTime > \"2026-01-01T00:00:00Z\"", "create_time > \"yesterday\"", "x"] {
            calls.append(Call(target: "/sessions/\(ids[0])/activities?filter=\(encoded(filter))"))
        }
        let sources = simulator.withAccount { $0.sources.map(\.name) }
        calls += sources.map { Call(target: "/\($0)") }
        calls.append(Call(target: "/sources?filter=\(encoded("name=\(sources[0]) OR name=\(sources[1])"))"))
        calls.append(Call(target: "/sources?filter=\(encoded("owner=acme"))"))
        for path in [
            "/sessions/999", "/sessions/999/activities", "/sessions/\(ids[0])/activities/0", "/sessions/a%2Fb",
            "/sessions/..%2Fx", "/sources/github/nobody/nothing", "/sources/x", "/sessions/\(ids[0])?fields=id,state",
            "/sessions/\(ids[0])?fields=nope", "/sessions/\(ids[0])?pageSize=1", "/session", "/scheduledSessions", "/",
            "/sessions/\(ids[0])/plans", "/sessions/\(ids[0])/activities/1/2", "/sessions/",
        ] {
            calls.append(Call(target: path))
        }
        return calls
    }

    private func writes(_ simulator: Simulator) -> [Call] {
        let ids = simulator.withAccount { account in
            account.order.filter { account.sessions[$0.id]?.archived == false }.map(\.id)
        }
        func post(_ target: String, _ body: String = "{}") -> Call {
            Call(method: .POST, target: target, body: body)
        }
        let repository =
            #""sourceContext":{"source":"sources/github/acme/harbor","githubRepoContext":{"startingBranch":"main"}}"#
        var calls = [
            "{}", "[]", "null", "{", #"{"prompt":""}"#, #"{"prompt":1}"#, #"{"prompt":"x","bogus":1}"#,
            #"{"session":{"prompt":"x"}}"#, #"{"prompt":"x","automationMode":"MANUAL"}"#,
            #"{"prompt":"x","requirePlanApproval":"yes"}"#, #"{"prompt":"x","sourceContext":{}}"#,
            #"{"prompt":"x","sourceContext":{"source":"sources/github/acme/harbor","githubRepoContext":{}}}"#,
            #"{"prompt":"x","source_context":{"bogus":1}}"#,
        ].map { post("/sessions", $0) }
        calls += (1...8).map {
            post("/sessions", #"{"prompt":"Task \#($0)","title":"T\#($0)","requirePlanApproval":true,\#(repository)}"#)
        }
        calls.append(
            post(
                "/sessions",
                #"{"prompt":"In the other spelling","require_plan_approval":true,"title":null,"source_context":{"source":"sources/github/acme/harbor","github_repo_context":{"starting_branch":"main"}}}"#
            ))
        calls.append(post("/sessions?fields=id,state", #"{"prompt":"Without a repository"}"#))
        for id in ids.prefix(12) {
            calls.append(post("/sessions/\(id):approvePlan"))
            calls.append(post("/sessions/\(id):approvePlan", "null"))
            calls.append(post("/sessions/\(id):sendMessage", #"{"prompt":"Go on, please."}"#))
            calls.append(post("/sessions/\(id):sendMessage"))
            calls.append(post("/sessions/\(id):sendMessage", #"{"prompt":1}"#))
            calls.append(Call(target: "/sessions/\(id)/activities"))
            calls.append(post("/sessions/\(id):archive"))
            calls.append(post("/sessions/\(id):archive", #"{"x":1}"#))
            calls.append(Call(target: "/sessions/\(id)"))
            calls.append(post("/sessions/\(id):unarchive", ""))
            calls.append(post("/sessions/\(id):cancel"))
            calls.append(post("/sessions/\(id)/approvePlan"))
            calls.append(Call(method: .PATCH, target: "/sessions/\(id)", body: "{}"))
        }
        for id in ids.suffix(6) {
            calls.append(Call(method: .DELETE, target: "/sessions/\(id)"))
            calls.append(Call(target: "/sessions/\(id)"))
            calls.append(Call(target: "/sessions/\(id)/activities"))
            calls.append(Call(method: .DELETE, target: "/sessions/\(id)"))
            calls.append(post("/sessions/\(id):approvePlan"))
        }
        calls.append(post("/sessions/999:sendMessage", #"{"prompt":"x"}"#))
        calls.append(Call(method: .DELETE, target: "/sessions/999"))
        calls.append(Call(target: "/sessions?pageSize=100", list: "sessions"))
        calls.append(Call(target: "/sessions?pageSize=9&filter=archived%3Dtrue", list: "sessions"))
        return calls
    }

    private func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + digits
        }.joined()
    }
}

extension [JSON] {
    /// The resources without repetitions.
    fileprivate var withoutRepeats: [JSON] {
        var seen: Set<String> = []
        return filter { seen.insert($0["id"]?.string ?? "").inserted }
    }
}
