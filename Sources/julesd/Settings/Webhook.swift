// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One webhook endpoint.
struct Webhook: Sendable, Equatable {
    var url: WebhookURL
    var format: WebhookFormat
    /// Where those who read it reach the daemon's page.
    var publicURL: WebURL?
}

/// What a webhook's body looks like.
enum WebhookFormat: String, Sendable, CaseIterable {
    case delta, ntfy, slack, discord
}

/// Which deltas a webhook is told of.
enum NotifyEvent: String, Sendable, CaseIterable {
    case created, updated, deleted
    /// The session newly waits for a person.
    case attention
    /// The session newly is completed or failed.
    case finished
}

/// A webhook's URL, which is a secret: whoever has it can post.
struct WebhookURL: Sendable, Equatable, CustomStringConvertible {
    let secret: Secret
    /// Scheme, host, and a hash that tells two URLs of one host apart, such as `https://hooks.example.com#1a2b3c4d`.
    let description: String

    init(_ url: WebURL) {
        secret = Secret(url.text)
        description = "\(url.origin)#\(hexadecimal(sha256(url.text.utf8).prefix(4)))"
    }
}

/// A key that webhooks are signed with, as Standard Webhooks writes it: `whsec_` and base64.
struct SigningSecret: Sendable, Equatable, CustomStringConvertible {
    /// Standard Webhooks asks for 24 to 64 bytes.
    static let recommendedLength = 24

    private let text: Secret
    let length: Int

    init?(_ text: some StringProtocol) {
        guard text.hasPrefix("whsec_"), let key = Base64.decode(text.dropFirst(6)), !key.isEmpty else { return nil }
        self.text = Secret(String(text.dropFirst(6)))
        length = key.count
    }

    /// The key's bytes.
    func key() -> [UInt8] { Base64.decode(text.reveal()) ?? [] }

    var description: String { "\(text)" }
}
