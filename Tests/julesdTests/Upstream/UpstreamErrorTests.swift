// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

private func body(_ status: String, _ message: String = "m", details: String = "[]") -> String {
    #"{"error":{"code":0,"message":"\#(message)","status":"\#(status)","details":\#(details)}}"#
}

private func reason(_ reason: String) -> String {
    #"[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"\#(reason)"}]"#
}

private func retry(_ delay: String) -> String {
    #"[{"@type":"x","violations":[]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"\#(delay)"}]"#
}

private let html = "<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title>"

@Suite("UpstreamError", .timeLimit(.minutes(2)))
struct UpstreamErrorTests {
    @Test(
        "An error follows from the status, the canonical code and the reasons",
        arguments: [
            (
                401, body("UNAUTHENTICATED", details: reason("CREDENTIALS_MISSING")),
                .keyRejected(status: 401, message: "m")
            ),
            (401, html, .keyRejected(status: 401, message: "no reason given")),
            (
                400, body("INVALID_ARGUMENT", details: reason("API_KEY_INVALID")),
                .keyRejected(status: 400, message: "m")
            ),
            (
                403, body("PERMISSION_DENIED", details: reason("API_KEY_SERVICE_BLOCKED")),
                .keyRejected(status: 403, message: "m")
            ),
            (
                403, body("PERMISSION_DENIED"),
                .refused(status: 403, canonical: "PERMISSION_DENIED", message: "m", detail: [])
            ),
            (
                400, body("INVALID_ARGUMENT", "API_KEY_INVALID"),
                .refused(status: 400, canonical: "INVALID_ARGUMENT", message: "API_KEY_INVALID", detail: [])
            ),
            (404, body("NOT_FOUND"), .refused(status: 404, canonical: "NOT_FOUND", message: "m", detail: [])),
            (404, html, .refused(status: 404, canonical: nil, message: "no reason given", detail: nil)),
            (429, body("RESOURCE_EXHAUSTED"), .throttled(retryAfter: nil)),
            (429, "", .throttled(retryAfter: nil)),
            (403, body("RESOURCE_EXHAUSTED", details: retry("1s")), .throttled(retryAfter: .seconds(1))),
            (500, body("INTERNAL"), .failed(status: 500, retryAfter: nil)),
            (502, html, .failed(status: 502, retryAfter: nil)),
            (503, body("UNAVAILABLE", details: retry("2s")), .failed(status: 503, retryAfter: .seconds(2))),
            (304, "", .undecodable(reason: "status 304")),
        ] as [(Int, String, UpstreamError)])
    func classification(status: Int, body: String, error: UpstreamError) {
        #expect(UpstreamError(ClientResponse(status: status, body: Array(body.utf8))) == error)
    }

    @Test(
        "The longer of the two waits in an answer counts",
        arguments: [
            ("12", nil, .seconds(12)), (nil, "12s", .seconds(12)), (nil, "0.250s", .milliseconds(250)),
            (nil, "1.000000001s", .seconds(1) + .nanoseconds(1)), ("3", "4s", .seconds(4)), ("5", "4s", .seconds(5)),
            (nil, "12", nil), (nil, "-1s", nil), (nil, "1.s", nil), (nil, "s", nil), (nil, "1.0000000001s", nil),
        ] as [(String?, String?, Duration?)])
    func retryAfter(header: String?, delay: String?, pause: Duration?) {
        let response = ClientResponse(
            status: 429, headers: header.map { [("Retry-After", $0)] } ?? [],
            body: delay.map { Array(body("RESOURCE_EXHAUSTED", details: retry($0)).utf8) } ?? [])
        #expect(UpstreamError(response) == .throttled(retryAfter: pause))
    }

    @Test("The details of a refusal are kept as received")
    func detail() {
        let details = #"[{"fieldViolations":[{"field":"session.automation_mode","description":"d"}]}]"#
        let error = UpstreamError(
            ClientResponse(status: 400, body: Array(body("INVALID_ARGUMENT", details: details).utf8)))
        guard case .refused(400, "INVALID_ARGUMENT", "m", let detail?) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(detail.description == details)
    }

    @Test("Only the API's own 404 means a missing resource")
    func notFound() {
        let response = { (body: String) in UpstreamError(ClientResponse(status: 404, body: Array(body.utf8))) }
        #expect(response(body("NOT_FOUND")).isNotFound)
        #expect(!response(html).isNotFound)
    }

    @Test(
        "Each error says whether it is transient and whether the request may have arrived",
        arguments: [
            (.keyRejected(status: 401, message: ""), false, false), (.timedOut(sent: true), true, true),
            (.timedOut(sent: false), true, false), (.unreachable(reason: "", sent: false), true, false),
            (.unreachable(reason: "", sent: true), true, true), (.throttled(retryAfter: nil), true, false),
            (.failed(status: 500, retryAfter: nil), true, true), (.undecodable(reason: ""), false, true),
            (.refused(status: 404, canonical: "NOT_FOUND", message: "", detail: nil), false, false),
            (.refused(status: 400, canonical: "FAILED_PRECONDITION", message: "", detail: nil), false, false),
        ] as [(UpstreamError, Bool, Bool)])
    func consequences(error: UpstreamError, isTransient: Bool, mayHaveArrived: Bool) {
        #expect(error.isTransient == isTransient)
        #expect(error.mayHaveArrived == mayHaveArrived)
    }

    @Test(
        "Each transport error becomes the right upstream error",
        arguments: [
            (.timedOut(sent: true), .timedOut(sent: true)),
            (.tooLarge, .undecodable(reason: "the answer is too large")),
            (.tls(reason: "r"), .unreachable(reason: "r", sent: false)),
            (.unreachable(reason: "r", sent: true), .unreachable(reason: "r", sent: true)),
            (.invalid(reason: "r"), .unreachable(reason: "r", sent: false)),
            (.cancelled(sent: false), .cancelled(sent: false)),
        ] as [(TransportError, UpstreamError)])
    func transport(error: TransportError, upstream: UpstreamError) {
        #expect(UpstreamError(error) == upstream)
    }
}
