// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Tool definitions", .timeLimit(.minutes(2)))
struct ToolTableTests {
    @Test("All fourteen tools together have at most 18,000 characters, and each description at most 600")
    func size() {
        #expect(Tool.all.map(\.name) == Tool.Name.allCases)
        let text = JSON.array(Tool.all.map { $0.json(for: .stateless) }).description
        #expect(text.count <= 18_000)
        for tool in Tool.all {
            #expect(tool.description.count <= 600)
            #expect(tool.name.rawValue.count <= 24)
        }
        #expect(ProtocolTexts.instructions.count <= 2000)
        #expect(ProtocolTexts.instructions.prefix(512).contains("plan_id"))
    }

    @Test("Every tool sets all four hints, and the oldest revision gets no output schema")
    func hints() {
        for tool in Tool.all {
            #expect(tool.json(for: .stateless)["annotations"]?.object?.members.count == 4)
            #expect(tool.json(for: .march2025)["outputSchema"] == nil && tool.json(for: .march2025)["title"] == nil)
        }
        let writing = Tool.all.filter(\.isWriting).map(\.name)
        #expect(writing == [.approvePlan, .sendMessage, .createSession, .archiveSession])
        #expect(Tool.offered(.read).count == 10 && Tool.offered(.full).count == 14)
    }

    @Test(
        "A wrong argument is refused by name with the accepted form",
        arguments: [
            (Tool.Name.getPlan, #"{}"#, "session_id is required"),
            (.getPlan, #"{"session_id":5}"#, "session_id must be a text of 1 to 200"),
            (.getPlan, #"{"session_id":"1","x":1}"#, "x is no argument of get_plan"),
            (.listSessions, #"{"limit":51}"#, "limit must be a whole number from 1 to 50"),
            (.listSessions, #"{"limit":1.5}"#, "limit must be"),
            (.listSessions, #"{"archived":"maybe"}"#, "archived must be one of no, yes, all"),
            (.listSessions, #"{"state":"COMPLETED"}"#, "state must be a list"),
            (.approvePlan, #"{"session_id":"1"}"#, "plan_id is required"),
            (.sendMessage, #"{"session_id":"1","message":""}"#, "message must be a text of 1 to 20000"),
            (.archiveSession, #"{"session_id":"1","archived":"yes"}"#, "archived must be true or false"),
            (.waitForAttention, #"{"timeout_seconds":51}"#, "timeout_seconds must be"),
        ])
    func arguments(_ name: Tool.Name, _ arguments: String, _ words: String) throws {
        let tool = try #require(Tool.all.first { $0.name == name })
        let object = try #require(JSON(parsing: arguments).object)
        let error = #expect(throws: ToolError.self) { try ToolArguments(object, for: tool) }
        #expect(error?.message.contains(words) == true)
    }

    @Test(
        "A session can be named by its id, its resource name or its page",
        arguments: [
            "123", "sessions/123", "https://jules.google.com/session/123", "https://jules.google.com/session/123?pli=1",
        ])
    func sessionID(_ text: String) throws {
        let arguments = try ToolArguments(["session_id": .string(text)], for: Tool.all[4])
        #expect(try arguments.session == "123")
    }
}

@Suite("Text from other people", .timeLimit(.minutes(2)))
struct CleanTextTests {
    @Test("Invisible characters are removed, and the text is cut by characters")
    func clean() {
        #expect(CleanText("a\u{1B}[31mb\u{202E}c\u{E0041}d\u{7}", limit: 99).text == "a[31mbcd")
        #expect(CleanText("a\r\nb\tc", limit: 99).text == "a\nb\tc")
        #expect(CleanText("\nfirst\nsecond", limit: 99, lines: false).text == "first")
        #expect(CleanText("abc", limit: 2) == CleanText("ab", limit: 99) || CleanText("abc", limit: 2).isCut)
        #expect(CleanText(String(repeating: "e\u{301}", count: 50), limit: 10).text.unicodeScalars.count == 10)
    }
}

@Suite("A patch in parts", .timeLimit(.minutes(2)))
struct PatchTests {
    private static let text = """
        diff --git a/one.txt b/one.txt
        index 1..2 100644
        --- a/one.txt
        +++ b/one.txt
        @@ -1 +1 @@
        -a\r
        +b\r
        @@ -9 +9,2 @@
         x
        +--- y
        diff --git a/two.txt b/two.txt
        new file mode 100644
        --- /dev/null
        +++ b/two.txt
        @@ -0,0 +1 @@
        +\u{E9}t\u{E9}
        """

    @Test("Each file is listed with its added and removed lines")
    func files() {
        let files = Patch(Self.text).files
        #expect(files.map(\.path) == ["one.txt", "two.txt"] && files.map(\.status) == ["modified", "added"])
        #expect(files.map(\.added) == [2, 1] && files.map(\.removed) == [1, 0])
        #expect(Patch("").files.isEmpty)
    }

    @Test(
        "A patch comes whole if it fits, otherwise by hunks with headers, and a cut hunk loses nothing"
    )
    func parts() {
        let patch = Patch(Self.text)
        #expect(patch.part(from: .init(), limit: 12_000).text == Self.text + "\n")
        let first = patch.part(from: .init(), limit: 110)
        #expect(first.next == Patch.Place(piece: 1) && first.text.hasSuffix("+b\r\n"))
        let second = patch.part(from: Patch.Place(piece: 1), limit: 110)
        #expect(second.text.hasPrefix("diff --git a/one.txt") && second.text.contains("@@ -9"))
        var place: Patch.Place? = Patch.Place()
        var joined = ""
        while let from = place {
            let part = patch.only("two.txt").part(from: from, limit: 7)
            joined += part.text
            place = part.next
        }
        #expect(joined.hasPrefix("diff --git a/two.txt") && joined.hasSuffix("+\u{E9}t\u{E9}\n"))
    }
}
