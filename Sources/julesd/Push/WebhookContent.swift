// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A webhook's body, in the form that its receiver takes.
struct WebhookContent: Sendable {
    var type = "application/json"
    /// Header fields that belong to the form.
    var headers: [(String, String)] = []
    let body: [UInt8]
}

extension WebhookContent {
    /// - Parameter delta: the JSON of a `SessionDelta`.
    init(delta: [UInt8], format: WebhookFormat) {
        self =
            switch format {
            case .delta: WebhookContent(body: delta)
            case .ntfy: .ntfy(Notice(delta: delta))
            case .slack: .slack(Notice(delta: delta))
            case .discord: .discord(Notice(delta: delta))
            }
    }

    /// A text as body and everything else in header fields, because the URL names the topic
    /// (<https://docs.ntfy.sh/publish/>).
    private static func ntfy(_ notice: Notice) -> WebhookContent {
        var headers = [("Title", notice.title.headerWords), ("Priority", notice.isUrgent ? "high" : "default")]
        if let url = notice.sessionURL { headers.append(("Click", url.text)) }
        // A URL has no quotation marks, and between them commas and semicolons part nothing.
        if let url = notice.pullRequestURL { headers.append(("Actions", #"view, Pull request, "\#(url.text)""#)) }
        let lines = [notice.need, notice.repository].filter { !$0.isEmpty }
        return WebhookContent(
            type: "text/plain; charset=utf-8", headers: headers, body: Array(lines.joined(separator: "\n").utf8))
    }

    /// <https://docs.slack.dev/messaging/formatting-message-text>
    private static func slack(_ notice: Notice) -> WebhookContent {
        let repository = notice.repository.isEmpty ? "" : " (\(notice.repository.escapedForSlack))"
        let links = notice.links.map { "<\($0.url.text.escapedForSlack)|\($0.name)>" }
        let lines = [notice.title.escapedForSlack + repository, notice.need.escapedForSlack] + links
        let json: JSON = ["text": .string(lines.joined(separator: "\n"))]
        return WebhookContent(body: json.bytes)
    }

    /// <https://discord.com/developers/docs/resources/webhook#execute-webhook>
    private static func discord(_ notice: Notice) -> WebhookContent {
        let repository = notice.repository.isEmpty ? "" : " (\(notice.repository.escapedForDiscord))"
        let lines =
            ["**\(notice.title.escapedForDiscord)**\(repository)", notice.need.escapedForDiscord]
            + notice.links.map { "[\($0.name)](<\($0.url.text)>)" }
        let json: JSON = [
            "content": .string(lines.joined(separator: "\n")),
            // Whatever a title says, nobody is called by it.
            "allowed_mentions": ["parse": []],
        ]
        return WebhookContent(body: json.bytes)
    }
}

extension Notice {
    /// Longer ones are left out: Discord takes 2,000 characters in all.
    private static let longestLink = 500

    fileprivate var links: [(name: String, url: WebURL)] {
        [("Session", sessionURL), ("Pull request", pullRequestURL)].compactMap { name, url in
            guard let url, url.text.utf8.count <= Self.longestLink else { return nil }
            return (name, url)
        }
    }
}

extension String {
    /// As it may stand in a header field: ASCII as it is, anything else in encoded words (RFC 2047 §2).
    fileprivate var headerWords: String {
        if utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !contains("=?") { return self }
        // A word has at most 75 characters, 12 of them around the base64, and no character is split between two.
        var words: [[UInt8]] = [[]]
        for scalar in unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > 45 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Base64.encode($0))?=" }.joined(separator: " ")
    }

    /// The three characters that mean something to Slack.
    fileprivate var escapedForSlack: String {
        reduce(into: "") { text, character in
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            default: text.append(character)
            }
        }
    }

    /// Without Markdown.
    fileprivate var escapedForDiscord: String {
        reduce(into: "") { text, character in
            if "\\*_~`|<>#[]()@:".contains(character) { text.append("\\") }
            text.append(character)
        }
    }
}
