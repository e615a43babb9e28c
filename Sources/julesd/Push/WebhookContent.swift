// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The body of a webhook request, in the format of its receiver.
struct WebhookContent: Sendable {
    var type = "application/json"
    /// Header fields that belong to the format.
    var headers: [(String, String)] = []
    let body: [UInt8]
}

extension WebhookContent {
    /// - Parameters:
    ///   - delta: the JSON of a `SessionDelta`.
    ///   - publicURL: the address of the daemon's page for people, if it is known.
    init(delta: [UInt8], format: WebhookFormat, publicURL: WebURL? = nil) {
        self =
            switch format {
            case .delta: WebhookContent(body: delta)
            case .ntfy: .ntfy(DeliveryText(delta: delta, publicURL: publicURL))
            case .slack: .slack(DeliveryText(delta: delta, publicURL: publicURL))
            case .discord: .discord(DeliveryText(delta: delta, publicURL: publicURL))
            }
    }

    /// The text is the body and everything else is in header fields, because the URL names the topic
    /// (<https://docs.ntfy.sh/publish/>).
    private static func ntfy(_ text: DeliveryText) -> WebhookContent {
        var headers = [("Title", text.title.headerWords), ("Priority", text.isUrgent ? "high" : "default")]
        if let url = text.sessionURL { headers.append(("Click", url.text)) }
        // A URL has no quotation marks, and inside them commas and semicolons separate nothing.
        let actions = [("Control room", text.controlRoomURL), ("Pull request", text.pullRequestURL)]
            .compactMap { name, url in url.map { #"view, \#(name), "\#($0.text)""# } }
        if !actions.isEmpty { headers.append(("Actions", actions.joined(separator: "; "))) }
        let lines = [text.need, text.repository].filter { !$0.isEmpty }
        return WebhookContent(
            type: "text/plain; charset=utf-8", headers: headers, body: Array(lines.joined(separator: "\n").utf8))
    }

    /// Slack shows the blocks. Mattermost and Rocket.Chat know no blocks and show `text`, as Slack's notifications do
    /// (<https://docs.slack.dev/reference/block-kit/composition-objects/text-object>).
    private static func slack(_ text: DeliveryText) -> WebhookContent {
        let section = { (text: JSON) -> JSON in ["type": "section", "text": text] }
        let words = "\(text.heading)\n\(text.need)".escapedForSlack
        var blocks = [section(["type": "plain_text", "text": .string(words), "emoji": false])]
        let links = text.links.map { "<\($0.url.text.escapedForSlack)|\($0.name)>" }.joined(separator: "  ")
        if !links.isEmpty { blocks.append(section(["type": "mrkdwn", "text": .string(links), "verbatim": true])) }
        let lines =
            [text.heading.withoutMarkup, text.need.withoutMarkup] + text.links.map { "\($0.name): \($0.url.text)" }
        let json: JSON = ["text": .string(lines.joined(separator: "\n")), "blocks": .array(blocks)]
        return WebhookContent(body: json.bytes)
    }

    /// Discord's limit, counted in UTF-16 code units: no other way of counting gives more.
    private static let discordLimit = 2000

    /// <https://docs.discord.com/developers/resources/webhook#execute-webhook>
    private static func discord(_ text: DeliveryText) -> WebhookContent {
        let repository = text.repository.isEmpty ? "" : " (\(text.repository.escapedForDiscord))"
        var content = "**\(text.title.escapedForDiscord)**\(repository)\n\(text.need.escapedForDiscord)"
        for link in text.links.map({ "\n[\($0.name)](<\($0.url.text)>)" })
        where content.utf16.count + link.utf16.count <= discordLimit {
            content += link
        }
        let json: JSON = [
            "content": .string(content),
            // Whatever a title contains, it mentions nobody.
            "allowed_mentions": ["parse": []],
        ]
        return WebhookContent(body: json.bytes)
    }
}

extension DeliveryText {
    /// Longer links are left out, because they would leave no room for more important text.
    private static let longestLink = 500

    /// Title and repository.
    fileprivate var heading: String { repository.isEmpty ? title : "\(title) (\(repository))" }

    fileprivate var links: [(name: String, url: WebURL)] {
        [("Session", sessionURL), ("Control room", controlRoomURL), ("Pull request", pullRequestURL)].compactMap {
            name, url in
            guard let url, url.text.utf8.count <= Self.longestLink else { return nil }
            return (name, url)
        }
    }
}
