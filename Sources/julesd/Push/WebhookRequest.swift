// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The request to an endpoint, with the header fields of Standard Webhooks
/// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
struct WebhookRequest: Sendable {
    /// How long an endpoint may take to answer, in total.
    static let patience = Duration.seconds(10)

    let id: String
    /// The time of this attempt, in seconds since 1970.
    let timestamp: Int64
    let content: WebhookContent

    /// The value of `webhook-signature`. All secrets sign, so that a receiver needs only one of them.
    func signature(_ secrets: [SigningSecret]) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + content.body
        return secrets.map { "v1," + Base64.encode(hmacSHA256(signed, key: $0.key())) }.joined(separator: " ")
    }

    /// The request as the HTTP client sends it.
    func request(to url: WebhookURL, secrets: [SigningSecret]) -> ClientRequest {
        var headers = [("Content-Type", content.type), ("webhook-id", id), ("webhook-timestamp", String(timestamp))]
        if !secrets.isEmpty { headers.append(("webhook-signature", signature(secrets))) }
        var request = ClientRequest(
            method: "POST", url: url.secret.reveal(), headers: headers + content.headers, body: content.body,
            timeout: Self.patience, maximumBody: 16 << 10)
        request.longest = Self.patience
        request.wantsStatusOnly = true
        // A receiver recognises a repetition by its webhook-id, so an open connection may be used.
        request.isIdempotent = true
        return request
    }
}
