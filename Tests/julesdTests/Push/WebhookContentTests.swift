// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Webhook formats")
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

    @Test("delta is the delta, byte for byte")
    func plain() {
        let delta = delta("COMPLETED", more: #","new":{"field":[1.0]}"#)
        #expect(WebhookContent(delta: delta, format: .delta).body == delta)
    }

    @Test(
        "a notice says what is needed",
        arguments: [
            ("AWAITING_PLAN_APPROVAL", .plan, "A plan waits for your approval."),
            ("IN_PROGRESS", .stalled, "Nothing has been heard of the agent for 15 minutes."),
            ("COMPLETED", .expired, "The plan has expired: nobody approved it in time."),
            ("COMPLETED", nil, "Completed."), ("IN_PROGRESS", nil, "At work."),
        ] as [(String, AttentionReason?, String)])
    func need(state: String, attention: AttentionReason?, need: String) {
        let notice = Notice(delta: delta(state, attention: attention))
        #expect(notice.need == need && notice.isUrgent == (attention != nil))
        #expect(notice.title == "Retry uploads" && notice.repository == "acme/harbor")
        #expect(notice.sessionURL?.text == "https://jules.google.com/session/7")
    }

    @Test("a notice of a deleted session tells of what it was, and one without a title shows the prompt's first line")
    func others() {
        let deleted = Notice(delta: delta("AWAITING_PLAN_APPROVAL", change: "deleted"))
        #expect(deleted.title == "Retry uploads" && deleted.need == "The session was deleted." && !deleted.isUrgent)
        let untitled = Notice(delta: delta("QUEUED", title: "", more: #","prompt":"\n  \nMend it\nand more""#))
        #expect(untitled.title == "Mend it")
        let long = Notice(delta: delta("QUEUED", title: String(repeating: "ä", count: 500)))
        #expect(long.title.count == Notice.longestTitle && long.title.hasSuffix("…"))
        #expect(Notice(delta: []).title == "Session ")
    }

    @Test("ntfy: a text as body, title, links and priority in header fields")
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
        "ntfy: a title beyond ASCII is written in encoded words, none longer than 75 characters",
        arguments: ["Größe ändern", "=?UTF-8?B?x?= as it stands", String(repeating: "修正🚀", count: 20)])
    func encodedWords(title: String) throws {
        let content = WebhookContent(delta: delta("QUEUED", title: title), format: .ntfy)
        let words = try #require(content.headers.first).1.split(separator: " ")
        let bytes = try words.flatMap { word in
            #expect(word.utf8.count <= 75 && word.hasPrefix("=?UTF-8?B?") && word.hasSuffix("?="))
            let part = try #require(Base64.decode(word.dropFirst(10).dropLast(2)))
            // Each word stands for itself.
            #expect(String(validating: part, as: UTF8.self) != nil)
            return part
        }
        #expect(String(decoding: bytes, as: UTF8.self) == title)
    }

    @Test("slack: one text with links, in which a title can neither link nor mention")
    func slack() throws {
        let json = try json(delta("COMPLETED", title: "a <!channel> & <b|c>\nd", more: pullRequest), .slack)
        #expect(
            json == [
                "text": .string(
                    """
                    a &lt;!channel&gt; &amp; &lt;b|c&gt; (acme/harbor)
                    Completed: a pull request is ready for review.
                    <https://jules.google.com/session/7|Session>
                    <https://github.com/acme/harbor/pull/214|Pull request>
                    """)
            ])
    }

    @Test("discord: one text within its limit, in which a title is neither Markdown nor a mention")
    func discord() throws {
        let waiting = try json(delta("AWAITING_PLAN_APPROVAL", title: "**@everyone** [x](y) `z`"), .discord)
        #expect(
            waiting == [
                "content": .string(
                    #"""
                    **\*\*\@everyone\*\* \[x\]\(y\) \`z\`** (acme/harbor)
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
