// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Reading an MCP message", .timeLimit(.minutes(2)))
struct ExchangeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: String
        var fields = RPCFields(version: "2026-07-28", method: "tools/list")
        let code: Int
        var id: JSON?
    }

    static let meta =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#

    static let cases: [Case] = [
        Case(testDescription: "no JSON", body: "{", code: -32700),
        Case(testDescription: "not UTF-8 text", body: "nonsense", code: -32700),
        Case(testDescription: "a number", body: "1", code: -32600),
        Case(testDescription: "no jsonrpc", body: #"{"id":1,"method":"ping"}"#, code: -32600, id: 1),
        Case(testDescription: "id null", body: #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, code: -32600),
        Case(testDescription: "id an object", body: #"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, code: -32600),
        Case(testDescription: "no method", body: #"{"jsonrpc":"2.0","id":"a"}"#, code: -32600, id: "a"),
        Case(testDescription: "method a number", body: #"{"jsonrpc":"2.0","id":1,"method":5}"#, code: -32600, id: 1),
        Case(
            testDescription: "params an array", body: #"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
            code: -32602, id: 1),
        Case(testDescription: "a batch", body: #"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, code: -32600),
        Case(
            testDescription: "an empty batch of 2025-03-26", body: "[]", fields: RPCFields(version: "2025-03-26"),
            code: -32600),
        Case(
            testDescription: "initialize in a batch", body: #"[{"jsonrpc":"2.0","id":4,"method":"initialize"}]"#,
            fields: RPCFields(), code: -32600, id: 4),
        Case(
            testDescription: "no _meta with the field of 2026-07-28",
            body: #"{"jsonrpc":"2.0","id":12345678901234567890,"method":"tools/list"}"#, code: -32602,
            id: .number("12345678901234567890")),
        Case(
            testDescription: "a version of another type",
            body:
                #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":1}}}"#,
            code: -32602, id: 1),
        Case(
            testDescription: "no capabilities",
            body:
                #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
            code: -32602, id: 1),
        Case(
            testDescription: "no version field",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{\#(meta)}}"#,
            fields: RPCFields(method: "tools/list"), code: -32020, id: 1),
        Case(
            testDescription: "no method field",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{\#(meta)}}"#,
            fields: RPCFields(version: "2026-07-28"), code: -32020, id: 1),
        Case(
            testDescription: "another method in the field",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{\#(meta)}}"#,
            fields: RPCFields(version: "2026-07-28", method: "Tools/List"), code: -32020, id: 1),
        Case(
            testDescription: "another tool in the field",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_plan",\#(meta)}}"#,
            fields: RPCFields(version: "2026-07-28", method: "tools/call", name: "get_diff"), code: -32020, id: 1),
        Case(
            testDescription: "a name that is no base64",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_plan",\#(meta)}}"#,
            fields: RPCFields(version: "2026-07-28", method: "tools/call", name: "=?base64?*?="), code: -32020, id: 1),
        Case(
            testDescription: "a version that is not served",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{\#(meta)}}"#.replacing(
                "2026-07-28", with: "2031-01-01"),
            fields: RPCFields(version: "2031-01-01", method: "tools/list"), code: -32022, id: 1),
        Case(
            testDescription: "an unknown version in the field alone",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, fields: RPCFields(version: "2031-01-01"),
            code: -32022, id: 1),
    ]

    @Test("Each fault has its code and the id of the request", arguments: cases)
    func refusal(_ example: Case) throws {
        let error = #expect(throws: RPCError.self) { try RPCExchange(Array(example.body.utf8), example.fields) }
        #expect(error?.code == example.code && error?.id == example.id && error?.status == 400)
        if example.code == -32022 {
            #expect(
                error?.data?["supported"]?.array?.first == "2026-07-28" && error?.data?["requested"] == "2031-01-01")
        }
    }

    @Test(
        "Each revision is recognised by the contents of its requests",
        arguments: [
            (
                #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{\#(meta)}}"#,
                RPCFields(version: "2026-07-28", method: "tools/list"), Revision.stateless
            ),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#,
                RPCFields(), .june2025
            ),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"1999-01-01"}}"#,
                RPCFields(), .november2025
            ),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2026-07-28"}}"#,
                RPCFields(), .november2025
            ),
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, RPCFields(), .march2025),
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, RPCFields(version: "2025-11-25"), .november2025),
            (#"[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]"#, RPCFields(), .march2025),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":4}}}"#,
                RPCFields(version: "2025-06-18"), .june2025
            ),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_plan",\#(meta)}}"#,
                RPCFields(version: "2026-07-28", method: "tools/call", name: "=?base64?Z2V0X3BsYW4=?="), .stateless
            ),
        ])
    func revision(_ body: String, _ fields: RPCFields, _ revision: Revision) throws {
        #expect(try RPCExchange(Array(body.utf8), fields).revision == revision)
    }
}
