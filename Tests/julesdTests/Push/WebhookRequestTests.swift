// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Webhook requests")
struct WebhookRequestTests {
    /// The example that the standard's libraries are tested with.
    private let request = WebhookRequest(
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
        content: WebhookContent(body: Array(#"{"test": 2432232314}"#.utf8)))
    private let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    private func secret(_ text: String) throws -> SigningSecret { try #require(SigningSecret(text)) }

    @Test("are signed as Standard Webhooks has it, once for each secret")
    func signing() throws {
        let old = try secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let new = try secret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
        #expect(request.signature([old]) == signature)
        let both = request.signature([new, old]).split(separator: " ")
        #expect(both.count == 2 && both[1] == signature && both[0].hasPrefix("v1,") && both[0] != signature)
    }

    @Test("carry what a receiver needs to verify them, and no signature without a secret")
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
        "2xx alone is success, 410 the end, and everything else is tried again",
        arguments: [
            (200, DeliveryOutcome.delivered(status: 200)), (204, .delivered(status: 204)), (410, .gone),
            (302, .failed(status: 302, reason: "answered 302, which is not followed")),
            (404, .failed(status: 404, reason: "answered 404")),
            (500, .failed(status: 500, reason: "answered 500")),
        ])
    func outcomes(status: Int, outcome: DeliveryOutcome) {
        #expect(DeliveryOutcome(.success(ClientResponse(status: status))) == outcome)
    }

    @Test("Retry-After is taken from the answer, and a failure without one tells its reason")
    func failures() {
        let throttled = ClientResponse(status: 429, headers: [("Retry-After", "17")])
        #expect(
            DeliveryOutcome(.success(throttled))
                == .failed(status: 429, reason: "answered 429", retryAfter: .seconds(17)))
        #expect(
            DeliveryOutcome(.failure(.timedOut(sent: true)))
                == .failed(status: nil, reason: "no answer in time"))
    }
}
