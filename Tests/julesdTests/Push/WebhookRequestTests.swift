// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Webhook requests", .timeLimit(.minutes(2)))
struct WebhookRequestTests {
    /// The example from the tests of the Standard Webhooks libraries.
    private let request = WebhookRequest(
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
        content: WebhookContent(body: Array(#"{"test": 2432232314}"#.utf8)))
    private let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    private func secret(_ text: String) throws -> SigningSecret { try #require(SigningSecret(text)) }

    @Test("Requests are signed as in Standard Webhooks, once for each secret")
    func signing() throws {
        let old = try secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let new = try secret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
        #expect(request.signature([old]) == signature)
        let both = request.signature([new, old]).split(separator: " ")
        #expect(both.count == 2 && both[1] == signature && both[0].hasPrefix("v1,") && both[0] != signature)
    }

    @Test("A request has what a receiver needs to verify it, and no signature without a secret")
    func headers() throws {
        let url = WebhookURL(try #require(WebURL("https://hooks.example.com/very-secret")))
        let signed = request.request(to: url, secrets: [try secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")])
        #expect(signed.method == "POST" && signed.url == "https://hooks.example.com/very-secret")
        #expect(
            signed.headers.map { "\($0): \($1)" } == [
                "Content-Type: application/json", "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp: 1614265330", "webhook-signature: \(signature)",
            ])
        #expect(signed.longest == .seconds(10) && signed.timeout == .seconds(10))
        #expect(!request.request(to: url, secrets: []).headers.contains { $0.0 == "webhook-signature" })
    }

    @Test(
        "2xx is success, 410 the end, 429 a pause, and other statuses from 400 to 499 except 408 and 425 are refusals",
        arguments: [
            (200, DeliveryOutcome.delivered(status: 200)), (204, .delivered(status: 204)), (410, .gone),
            (302, .failed(status: 302, reason: "answered 302, which is not followed")),
            (400, .refused(status: 400)), (401, .refused(status: 401)), (404, .refused(status: 404)),
            (413, .refused(status: 413)), (499, .refused(status: 499)),
            (408, .failed(status: 408, reason: "answered 408")), (425, .failed(status: 425, reason: "answered 425")),
            (429, .throttled(status: 429, pause: nil)),
            (500, .failed(status: 500, reason: "answered 500")), (503, .failed(status: 503, reason: "answered 503")),
        ])
    func outcomes(status: Int, outcome: DeliveryOutcome) {
        #expect(DeliveryOutcome(.success(ClientResponse(status: status))) == outcome)
    }

    @Test(
        "The pause that an endpoint asks for is taken from its answer, up to an hour",
        arguments: [
            (429, ["Retry-After": "17"], .throttled(status: 429, pause: .seconds(17))),
            (429, ["Retry-After": "0.376"], .throttled(status: 429, pause: .milliseconds(376))),
            (429, ["Retry-After": "86400"], .throttled(status: 429, pause: .seconds(3600))),
            (503, ["Retry-After": "2"], .throttled(status: 503, pause: .seconds(2))),
            (500, ["Retry-After": "2"], .failed(status: 500, reason: "answered 500", retryAfter: .seconds(2))),
            (429, ["X-RateLimit-Reset-After": "1.5"], .throttled(status: 429, pause: .milliseconds(1500))),
            (
                204, ["X-RateLimit-Remaining": "1", "X-RateLimit-Reset-After": "1.9"],
                .delivered(status: 204, allowance: .init(remaining: 1, resetAfter: .milliseconds(1900)))
            ),
            (204, ["X-RateLimit-Remaining": "1"], .delivered(status: 204)),
        ] as [(Int, [String: String], DeliveryOutcome)])
    func pauses(status: Int, headers: [String: String], outcome: DeliveryOutcome) {
        let response = ClientResponse(status: status, headers: headers.map { ($0.key, $0.value) })
        #expect(DeliveryOutcome(.success(response)) == outcome)
    }

    @Test("A failure without an answer has its reason")
    func failures() {
        #expect(
            DeliveryOutcome(.failure(.timedOut(sent: true)))
                == .failed(status: nil, reason: "no answer in time"))
    }
}
