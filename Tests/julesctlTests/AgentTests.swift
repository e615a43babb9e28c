// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesctl

@Suite("Coding agents with julesctl", .timeLimit(.minutes(2)))
struct AgentTests {
    static let meta = #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#
    static let fields: [(String, String?, [String])] = [
        (#"{"method":"initialize","id":1,"params":{}}"#, "2025-11-25", []),
        (#"{"method":"tools/list","id":1}"#, nil, []),
        (#"{"method":"tools/list","id":1}"#, "2025-11-25", ["MCP-Protocol-Version: 2025-11-25"]),
        (
            #"{"method":"tools/list","id":1,"params":{\#(meta)}}"#, "2025-11-25",
            ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"]
        ),
        (
            #"{"method":"tools/call","id":1,"params":{"name":"get_plan","uri":"x",\#(meta)}}"#, nil,
            ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: get_plan"]
        ),
        (
            #"{"method":"resources/read","id":1,"params":{"name":"x","uri":"julesd://attention",\#(meta)}}"#, nil,
            ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: resources/read", "Mcp-Name: julesd://attention"]
        ),
        (
            #"{"method":"tools/call","id":1,"params":{"name":"a\r\nX: é",\#(meta)}}"#, nil,
            ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: =?base64?YQ0KWDogw6k=?="]
        ),
        ("nonsense", nil, []),
    ]

    @Test("A message has the header fields of its revision, and no name breaks out of its field", arguments: fields)
    func headers(line: String, negotiated: String?, wanted: [String]) {
        #expect(AgentMessage(line).fields(negotiated: negotiated).map { "\($0): \($1)" } == wanted)
    }

    @Test("Only a message that expects an answer gets an error")
    func failures() throws {
        let one = try #require(AgentMessage(#"{"id":"a","method":"ping"}"#).failure("gone"))
        #expect(one["id"] == "a" && one["error"]?["code"] == -32603 && one["error"]?["message"] == "gone")
        let batch = AgentMessage(#"[{"id":1,"method":"ping"},{"method":"note"},{"id":2,"method":"ping"}]"#)
        #expect(batch.failure("gone")?.array?.compactMap { $0["id"]?.int } == [1, 2])
        for silent in [#"{"method":"note"}"#, #"{"id":1,"result":{}}"#, "[]", "nonsense"] {
            #expect(AgentMessage(silent).failure("gone") == nil, "\(silent)")
        }
    }

    @Test("An answer is read the same however it is split, as JSON text or as a stream", arguments: 1...9)
    func answers(size: Int) {
        func read(_ text: String) -> (messages: [JSON], answer: AgentAnswer) {
            var answer = AgentAnswer()
            var messages: [JSON] = []
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                messages += answer.take(bytes[start..<min(start + size, bytes.count)])
            }
            return (messages, answer)
        }
        let whole = read(#"{"id":1,"result":{}}"#)
        #expect(whole.messages.isEmpty && whole.answer.text.count == 20 && !whole.answer.hasEnded)
        let stream = read(": 1\n\nevent: message\ndata: {\"method\":\"note\"}\n\n")
        #expect(stream.messages == [["method": "note"]] && !stream.answer.hasEnded)
        let end = read("event: message\ndata: {\"method\":\"note\"}\n\ndata: {\"id\":1,\"result\":{}}\n\n")
        #expect(end.messages.count == 2 && end.answer.hasEnded && end.answer.text.isEmpty)
    }

    @Test("Every agent's configuration leads to the daemon and has no token", arguments: AgentProgram.allCases)
    func configuration(agent: AgentProgram) throws {
        let remote = agent.configuration(.url("https://jules.example"))
        #expect(remote.contains("https://jules.example/mcp") && remote.contains("TOKEN") || agent == .vsCode)
        let local = agent.configuration(.standard)
        let other = agent.configuration(.unix(path: #"/a "b""#))
        if agent == .vsCode {
            #expect(local.contains("unix:///run/julesd/julesd.sock#/mcp") && remote.contains("${input:julesd-token}"))
        } else {
            #expect(
                local.contains(#"["mcp","--stdio"]"#) && other.contains(#"["mcp","--stdio","--url","unix:/a \"b\""]"#))
        }
        if agent != .codex {
            for text in [remote, local, other] { #expect(throws: Never.self) { try JSON(parsing: Array(text.utf8)) } }
        }
    }
}
