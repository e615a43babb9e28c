// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One line from a client that uses the Model Context Protocol over standard input and output: a message or a batch of
/// messages.
///
/// An invalid line is sent to the daemon too, which answers with the reason.
struct AgentMessage: Sendable {
    let line: String
    /// The message; `nil` for a batch and for an invalid line.
    private let object: JSONObject?
    /// The ids of the requests that need an answer.
    let ids: [JSON]
    private let isBatch: Bool

    private static let prefix = "io.modelcontextprotocol/"

    init(_ line: String) {
        self.line = line
        let json = try? JSON(parsing: Array(line.utf8))
        object = json?.object
        isBatch = json?.array != nil
        ids = (json?.array ?? [json ?? .null]).compactMap { message in
            guard message["method"] != nil, let id = message["id"] else { return nil }
            return id
        }
    }

    var method: String? { object?["method"]?.string }
    private var params: JSON? { object?["params"] }

    /// The id of the request that this message cancels; `nil` if it is not `notifications/cancelled`.
    var cancelled: JSON? { method == "notifications/cancelled" ? params?["requestId"] : nil }

    /// Whether the request may run until the client ends it.
    var isOpenEnded: Bool {
        method == "subscriptions/listen" || (method == "tools/call" && params?["name"] == "wait_for_attention")
    }

    /// The HTTP header fields for this message (MCP 2026-07-28, basic/transports).
    ///
    /// - Parameter negotiated: the protocol version of the handshake; `nil` if there was none.
    func fields(negotiated: String?) -> [(String, String)] {
        guard let version = params?["_meta"]?[Self.prefix + "protocolVersion"]?.string else {
            guard method != "initialize", let negotiated else { return [] }
            return [("MCP-Protocol-Version", Self.fieldText(negotiated))]
        }
        var fields = [
            ("MCP-Protocol-Version", Self.fieldText(version)), ("Mcp-Method", Self.fieldText(method ?? "")),
        ]
        let name = method == "resources/read" ? params?["uri"]?.string : params?["name"]?.string
        if let name { fields.append(("Mcp-Name", Self.fieldText(name))) }
        return fields
    }

    /// The text as a field value: base64 unless it is plain ASCII without spaces.
    private static func fieldText(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !text.hasPrefix("=?")
        return isPlain ? text : "=?base64?\(Base64.encode(Array(text.utf8)))?="
    }

    /// The error that the client gets if the daemon gave no answer; `nil` if the client expects none.
    func failure(_ reason: String) -> JSON? {
        let errors = ids.map { id -> JSON in
            ["jsonrpc": "2.0", "id": id, "error": ["code": -32603, "message": .string(reason)]]
        }
        return isBatch && !errors.isEmpty ? .array(errors) : errors.first
    }
}
