// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One webhook endpoint.
struct Webhook: Sendable, Equatable {
    var url: WebhookURL
    var format: WebhookFormat
    /// The address of the daemon's page for people.
    var publicURL: WebURL?
}

/// The format of a webhook's body.
enum WebhookFormat: String, Sendable, CaseIterable {
    case delta, ntfy, slack, discord
}

/// Which deltas a webhook gets.
enum NotifyEvent: String, Sendable, CaseIterable {
    case created, updated, deleted
    /// The session newly waits for a person.
    case attention
    /// The session newly is completed or failed.
    case finished
}

/// A webhook's URL. It is a secret, because everyone who has it can post.
struct WebhookURL: Sendable, Equatable, CustomStringConvertible {
    let secret: Secret
    /// Scheme, host, and a hash that distinguishes two URLs of one host, such as `https://hooks.example.com#1a2b3c4d`.
    let description: String

    init(_ url: WebURL) {
        secret = Secret(url.text)
        description = "\(url.origin)#\(hexadecimal(sha256(url.text.utf8).prefix(4)))"
    }
}

/// A key that signs webhooks, as Standard Webhooks writes it: `whsec_` and base64.
struct SigningSecret: Sendable, Equatable, CustomStringConvertible {
    /// Standard Webhooks recommends 24 to 64 bytes.
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
