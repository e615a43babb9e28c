// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Webhook formats", .timeLimit(.minutes(2)))
struct WebhookContentTests {
    private func delta(
        _ state: String, title: String = "Retry uploads", change: String = "updated", more: String = "",
        attention: AttentionReason? = nil
    ) -> [UInt8] {
        var text: [UInt8] = []
        JSON.write(title, to: &text)
        let session = """
            {"id":"7","title":\(String(decoding: text, as: UTF8.self)),"state":"\(state)",\
            "sourceContext":{"source":"sources/github/acme/harbor"},"url":"https://jules.google.com/session/7"\(more)}
            """
        let (before, after) = change == "deleted" ? (session, "null") : ("null", session)
        let reason = attention.map { #","attention":"\#($0.rawValue)""# } ?? ""
        return Array(
            #"{"seq":1,"id":"7","changeType":"\#(change)","before":\#(before),"after":\#(after)\#(reason)}"#.utf8)
    }

    private let pullRequest =
        #","outputs":[{"changeSet":{}},{"pullRequest":{"url":"https://github.com/acme/harbor/pull/214"}}]"#

    private func json(_ delta: [UInt8], _ format: WebhookFormat) throws -> JSON {
        let content = WebhookContent(delta: delta, format: format)
        #expect(content.type == "application/json" && content.headers.isEmpty)
        return try JSON(parsing: content.body)
    }

    @Test("The format delta is the delta, byte for byte")
    func plain() {
        let delta = delta("COMPLETED", more: #","new":{"field":[1.0]}"#)
        #expect(WebhookContent(delta: delta, format: .delta).body == delta)
    }

    @Test(
        "The text says what is needed",
        arguments: [
            ("AWAITING_PLAN_APPROVAL", .plan, "A plan waits for your approval."),
            ("IN_PROGRESS", .stalled, "Nothing has been heard of the agent for 15 minutes."),
            ("COMPLETED", .expired, "The plan has expired: nobody approved it in time."),
            ("COMPLETED", nil, "Completed."), ("IN_PROGRESS", nil, "At work."),
        ] as [(String, AttentionReason?, String)])
    func need(state: String, attention: AttentionReason?, need: String) {
        let text = DeliveryText(delta: delta(state, attention: attention))
        #expect(text.need == need && text.isUrgent == (attention != nil))
        #expect(text.title == "Retry uploads" && text.repository == "acme/harbor")
        #expect(text.sessionURL?.text == "https://jules.google.com/session/7")
    }

    @Test("A deleted session is described as it was, and the prompt replaces a missing title")
    func others() {
        let deleted = DeliveryText(delta: delta("AWAITING_PLAN_APPROVAL", change: "deleted"))
        #expect(deleted.title == "Retry uploads" && deleted.need == "The session was deleted." && !deleted.isUrgent)
        let untitled = DeliveryText(delta: delta("QUEUED", title: "", more: #","prompt":"\n  \nMend it\nand more""#))
        #expect(untitled.title == "Mend it")
        let long = DeliveryText(delta: delta("QUEUED", title: String(repeating: "ä", count: 500)))
        #expect(long.title.count == DeliveryText.longestTitle && long.title.hasSuffix("…"))
        #expect(DeliveryText(delta: []).title == "Session ")
    }

    @Test("ntfy: the text is the body, and title, links and priority are header fields")
    func ntfy() {
        let content = WebhookContent(delta: delta("COMPLETED", more: pullRequest), format: .ntfy)
        #expect(content.type == "text/plain; charset=utf-8")
        #expect(
            String(decoding: content.body, as: UTF8.self)
                == "Completed: a pull request is ready for review.\nacme/harbor")
        #expect(
            content.headers.map { "\($0): \($1)" } == [
                "Title: Retry uploads", "Priority: default", "Click: https://jules.google.com/session/7",
                #"Actions: view, Pull request, "https://github.com/acme/harbor/pull/214""#,
            ])
        let urgent = WebhookContent(delta: delta("AWAITING_PLAN_APPROVAL", attention: .plan), format: .ntfy)
        #expect(urgent.headers.map(\.0) == ["Title", "Priority", "Click"] && urgent.headers[1].1 == "high")
    }

    @Test(
        "With PUBLIC_URL each text links to the session in the control room, except for a deleted one"
    )
    func controlRoom() throws {
        let url = try #require(WebURL("https://julesd.example/room"))
        let link = "https://julesd.example/room/#/session/7"
        let done = delta("COMPLETED", more: pullRequest)
        let ntfy = WebhookContent(delta: done, format: .ntfy, publicURL: url)
        #expect(
            ntfy.headers.last.map { "\($0.0): \($0.1)" }
                == #"Actions: view, Control room, "\#(link)"; view, Pull request, "https://github.com/acme/harbor/pull/214""#
        )
        #expect(ntfy.headers.contains { $0 == ("Click", "https://jules.google.com/session/7") })
        let slack = WebhookContent(delta: done, format: .slack, publicURL: url)
        #expect(String(decoding: slack.body, as: UTF8.self).contains("<\(link)|Control room>"))
        let discord = WebhookContent(delta: done, format: .discord, publicURL: url)
        #expect(String(decoding: discord.body, as: UTF8.self).contains("[Control room](<\(link)>)"))
        #expect(WebhookContent(delta: done, format: .delta, publicURL: url).body == done)
        let deleted = Array(#"{"id":"7","changeType":"deleted","before":{"id":"7"},"after":null}"#.utf8)
        #expect(DeliveryText(delta: deleted, publicURL: url).controlRoomURL == nil)
    }

    @Test(
        "ntfy: a title with other characters than ASCII becomes encoded words of at most 75 characters",
        arguments: ["Größe ändern", "=?UTF-8?B?x?= as it stands", String(repeating: "修正🚀", count: 20)])
    func encodedWords(title: String) throws {
        let content = WebhookContent(delta: delta("QUEUED", title: title), format: .ntfy)
        let words = try #require(content.headers.first).1.split(separator: " ")
        let bytes = try words.flatMap { word in
            #expect(word.utf8.count <= 75 && word.hasPrefix("=?UTF-8?B?") && word.hasSuffix("?="))
            let part = try #require(Base64.decode(word.dropFirst(10).dropLast(2)))
            // Each word can be decoded alone.
            #expect(String(validating: part, as: UTF8.self) != nil)
            return part
        }
        #expect(String(decoding: bytes, as: UTF8.self) == title)
    }

    @Test("slack: blocks have plain text with links as the only markup, and a text is there for clients without blocks")
    func slack() throws {
        let json = try json(delta("COMPLETED", title: "a <!channel> & *b*\nd", more: pullRequest), .slack)
        #expect(
            json == [
                "text": .string(
                    """
                    a ‹!channel› ＆ ∗b∗ (acme/harbor)
                    Completed: a pull request is ready for review.
                    Session: https://jules.google.com/session/7
                    Pull request: https://github.com/acme/harbor/pull/214
                    """),
                "blocks": [
                    [
                        "type": "section",
                        "text": [
                            "type": "plain_text",
                            "text": .string(
                                """
                                a &lt;!channel&gt; &amp; *b* (acme/harbor)
                                Completed: a pull request is ready for review.
                                """), "emoji": false,
                        ],
                    ],
                    [
                        "type": "section",
                        "text": [
                            "type": "mrkdwn",
                            "text": .string(
                                "<https://jules.google.com/session/7|Session>  "
                                    + "<https://github.com/acme/harbor/pull/214|Pull request>"), "verbatim": true,
                        ],
                    ],
                ],
            ])
    }

    /// Titles with the markup of all receivers.
    static let markup = [
        "*bold* _slanted_ ~gone~ `code`", "**bold** __under__ ~~gone~~ ||hidden||", "# Heading", "## Heading", "- item",
        "+ item", "1. item", "2) item", "> quote", "@channel @here @all @everyone", "<!channel> <@U1> <#C1> <@&1>",
        "[a](https://evil.example)", "![a](https://evil.example/x.png)", "https://evil.example", "www.evil.example",
        "evil.example/x", "discord.gg/x", "mailto:a@evil.example", ":smile: :+1:", "$x^2$", "~town-square", "#channel",
        "&lt;!channel&gt;", "*\u{301}a*\u{301} <\u{301}!channel>", "\u{202E}gnp.exe",
    ]

    @Test("slack: the text without blocks contains no markup of any receiver", arguments: markup)
    func withoutMarkup(title: String) throws {
        let json = try json(delta("QUEUED", title: title), .slack)
        let line = try #require(json["text"]?.string?.split(separator: "\n").first)
        for scalar in "*_~`#@[]<>&\\|$\u{202E}".unicodeScalars {
            #expect(!line.unicodeScalars.contains(scalar), "\(scalar) in \(line)")
        }
        #expect(!line.contains("://") && !line.contains("www.") && !line.contains(".example") && !line.contains(".gg"))
        #expect(!line.contains(":smile") && !line.contains(":+1"))
        // Lists, quotations and headings begin with a sign.
        #expect(line.unicodeScalars.first.map { $0.properties.isAlphabetic || $0 == "\u{2060}" } ?? false)
        let blocks = try #require(json["blocks"]?.array)
        #expect(blocks[0]["text"]?["type"] == "plain_text" && blocks[0]["text"]?["emoji"] == false)
        // The block with markup contains nothing from the title.
        #expect(blocks[1]["text"]?["text"] == "<https://jules.google.com/session/7|Session>")
    }

    @Test("discord: every Markdown character in a title has a backslash before it", arguments: markup)
    func withoutMarkdown(title: String) throws {
        let content = try #require(try json(delta("QUEUED", title: title), .discord)["content"]?.string)
        let line = try #require(content.split(separator: "\n").first)
        #expect(line.hasPrefix("**") && line.hasSuffix("** (acme\\/harbor)"))
        var escaped = false
        for scalar in line.dropFirst(2).dropLast("** (acme\\/harbor)".count).unicodeScalars {
            #expect(escaped || !"*_~`|<>#[]()@:/-".unicodeScalars.contains(scalar), "\(scalar) in \(line)")
            escaped = scalar == "\\" && !escaped
        }
    }

    @Test("ntfy: a title is one ASCII header field, and the body contains none of it", arguments: markup)
    func asHeader(title: String) throws {
        let content = WebhookContent(delta: delta("QUEUED", title: title), format: .ntfy)
        let field = try #require(content.headers.first)
        #expect(field.0 == "Title" && field.1.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(String(decoding: content.body, as: UTF8.self) == "Queued.\nacme/harbor")
    }

    @Test("A title fits the limits of every receiver, and no character is split")
    func limits() throws {
        let heaped = "a" + String(repeating: "\u{301}", count: 2500)
        let family = "👨‍👩‍👧‍👦"
        for title in [heaped, "x" + heaped, String(repeating: family, count: 200), String(repeating: "*", count: 500)] {
            let delta = delta("QUEUED", title: title)
            let text = DeliveryText(delta: delta)
            #expect(text.title.count <= DeliveryText.longestTitle && text.title.utf8.count <= 480)
            #expect(text.title.hasSuffix("…") || text.title == "Session 7")
            let content = try #require(try json(delta, .discord)["content"]?.string)
            #expect(content.utf16.count <= 2000 && content.unicodeScalars.count <= 2000)
            let header = try #require(WebhookContent(delta: delta, format: .ntfy).headers.first).1
            #expect(header.utf8.count <= 1000)
            let block = try json(delta, .slack)["blocks"]?.array?.first?["text"]?["text"]?.string
            #expect(try #require(block).utf16.count <= 3000)
        }
        // The first title has no part that fits, so another name of the session is used.
        #expect(DeliveryText(delta: delta("QUEUED", title: heaped)).title == "Session 7")
        #expect(DeliveryText(delta: delta("QUEUED", title: "x" + heaped)).title == "x…")
        #expect(
            DeliveryText(delta: delta("QUEUED", title: String(repeating: family, count: 200))).title.contains(family))
    }

    @Test("discord: the text is within its limit, and a title is neither Markdown nor a mention")
    func discord() throws {
        let waiting = try json(delta("AWAITING_PLAN_APPROVAL", title: "**@everyone** [x](y) `z`"), .discord)
        #expect(
            waiting == [
                "content": .string(
                    #"""
                    **\*\*\@everyone\*\* \[x\]\(y\) \`z\`** (acme\/harbor)
                    A plan waits for your approval.
                    [Session](<https://jules.google.com/session/7>)
                    """#),
                "allowed_mentions": ["parse": []],
            ])
        let url = "https://github.com/\(String(repeating: "x", count: 3000))"
        let long = try json(
            delta(
                String(repeating: "_", count: 100), title: String(repeating: "*", count: 500),
                more: #","outputs":[{"pullRequest":{"url":"\#(url)"}}]"#), .discord)
        #expect(try #require(long["content"]?.string).utf16.count <= 2000)
    }
}
