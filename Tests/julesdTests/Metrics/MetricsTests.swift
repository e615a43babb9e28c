// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@testable import julesd

@Suite("Metrics", .timeLimit(.minutes(1)))
struct MetricsTests {
    @Test(
        "A request is counted under few labels, whatever its method and path",
        arguments: [
            (.GET, "/api/sessions/{id}", .ok, #"{method="GET",route="/api/sessions/{id}",status="200"} 1"#),
            (.PATCH, "/ws", .methodNotAllowed, #"{method="PATCH",route="/ws",status="405"} 1"#),
            (.PROPFIND, "unknown", .notFound, #"{method="other",route="unknown",status="404"} 1"#),
            (.RAW(value: "X1"), "unknown", .notFound, #"{method="other",route="unknown",status="404"} 1"#),
        ] as [(HTTPMethod, String, HTTPResponseStatus, String)])
    func requests(method: HTTPMethod, template: String, status: HTTPResponseStatus, line: String) async {
        let metrics = Metrics()
        metrics.note(method, template, status, took: .milliseconds(4))
        let text = await metrics.text
        #expect(text.contains("julesd_http_requests_total\(line)\n"))
        #expect(text.contains("julesd_http_request_duration_seconds_bucket{route=\"\(template)\",le=\"0.005\"} 1\n"))
        #expect(text.contains("julesd_http_request_duration_seconds_bucket{route=\"\(template)\",le=\"0.0025\"} 0\n"))
    }

    @Test(
        "Requests to the API are counted by their results",
        arguments: [
            (.success(()), "200", nil),
            (.failure(.refused(status: 404, canonical: "NOT_FOUND", message: "", detail: nil)), "404", nil),
            (.failure(.cancelled(sent: true)), "cancelled", nil),
            (.failure(.timedOut(sent: true)), "timeout", "upstream_timeout"),
            (.failure(.unreachable(reason: "gone", sent: false)), "unreachable", "upstream_unreachable"),
            (.failure(.failed(status: 503, retryAfter: nil)), "503", "upstream_5xx"),
            (.failure(.keyRejected(status: 403, message: "")), "403", "upstream_key_rejected"),
            (.failure(.throttled(retryAfter: nil)), "429", "upstream_throttled"),
            (.failure(.undecodable(reason: "no JSON")), "undecodable", "upstream_undecodable"),
        ] as [(Result<Void, UpstreamError>, String, String?)])
    func upstream(result: Result<Void, UpstreamError>, status: String, type: String?) async {
        let metrics = Metrics()
        metrics.note(.getSession, result, took: .milliseconds(30))
        let text = await metrics.text
        #expect(text.contains("julesd_upstream_requests_total{operation=\"sessions.get\",status=\"\(status)\"} 1\n"))
        #expect(text.contains("julesd_upstream_request_duration_seconds_count{operation=\"sessions.get\"} 1\n"))
        let errors = text.split(separator: "\n").filter { $0.hasPrefix("julesd_errors_total{") && !$0.hasSuffix(" 0") }
        #expect(errors == (type.map { ["julesd_errors_total{type=\"\($0)\"} 1"] } ?? []))
        #expect(text.contains("julesd_rate_limited_total{scope=\"upstream\"} \(status == "429" ? 1 : 0)\n"))
    }

    @Test("The client reports each request and its result")
    func observation() async throws {
        let metrics = Metrics()
        let server = try await ScriptedServer(script: [
            .json(#"{"sessions":[]}"#), .error(503, "UNAVAILABLE"), .json("nonsense"), .json("{}"),
        ])
        let client = JulesClient(
            http: HTTPClient(userAgent: "julesd-test/1"), base: server.url, key: "k", timeout: .seconds(10),
            observer: { metrics.note($0, $1, took: $2) })
        _ = try await client.sessions()
        await #expect(throws: UpstreamError.failed(status: 503, retryAfter: nil)) { try await client.session("1") }
        await #expect(throws: UpstreamError.self) { try await client.activities(session: "1") }
        try await client.approvePlan("1")
        let lines = await metrics.text.split(separator: "\n").filter { $0.hasPrefix("julesd_upstream_requests_total{") }
        #expect(
            lines == [
                #"julesd_upstream_requests_total{operation="sessions.activities.list",status="undecodable"} 1"#,
                #"julesd_upstream_requests_total{operation="sessions.approvePlan",status="200"} 1"#,
                #"julesd_upstream_requests_total{operation="sessions.get",status="503"} 1"#,
                #"julesd_upstream_requests_total{operation="sessions.list",status="200"} 1"#,
            ])
    }

    @Test("Sessions are counted by state, including 0, and all unknown states together")
    func sessions() async throws {
        let store = try await TestStore.open(now: .now)
        let metrics = Metrics()
        metrics.include(store)
        store.follow { metrics.note($0) }
        try await store.record(
            [session("1"), session("2", state: "QUEUED"), session("3", state: "NEW_1"), session("4", state: "NEW_2")],
            as: .live, at: .now)
        try await store.recordDeletion(of: "1", at: .now)
        let text = await metrics.text
        #expect(text.contains("julesd_sessions{state=\"IN_PROGRESS\"} 0\n"))
        #expect(text.contains("julesd_sessions{state=\"QUEUED\"} 1\n"))
        #expect(text.contains("julesd_sessions{state=\"unrecognized\"} 2\n"))
        #expect(text.contains("julesd_inbox{reason=\"plan\"} 0\n"))
        #expect(text.contains("julesd_deltas_total{change=\"created\"} 4\n"))
        #expect(text.contains("julesd_deltas_total{change=\"updated\"} 0\n"))
        #expect(text.contains("julesd_deltas_total{change=\"deleted\"} 1\n"))
        #expect(text.contains("julesd_errors_total{type=\"storage\"} 0\n"))
    }

    @Test("A scrape is answered while the storage fails, and the failures are counted")
    func storageFailure() async throws {
        let store = try await TestStore.open(now: .now)
        let metrics = Metrics()
        metrics.include(store)
        await store.close()
        let first = await metrics.text
        #expect(first.contains("# TYPE julesd_sessions gauge\n"))
        #expect(!first.contains("julesd_sessions{") && !first.contains("julesd_inbox{"))
        // Sessions and inbox are read separately.
        #expect(await metrics.text.contains("julesd_errors_total{type=\"storage\"} 2\n"))
    }
}

extension Metrics {
    /// The text of a scrape.
    var text: String {
        get async { String(decoding: MetricText.encode(await registry.families()), as: UTF8.self) }
    }
}
