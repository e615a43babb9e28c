// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One line of a client that speaks the Model Context Protocol over standard input and output: a message, or a batch of them.
///
/// A line that is none is carried too: the daemon says what is wrong with it.
struct AgentMessage: Sendable {
    let line: String
    /// `nil` for a batch, and for what is no message.
    private let object: JSONObject?
    /// The requests that want an answer.
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

    /// The request that this message takes back; `nil` if it is no `notifications/cancelled`.
    var cancelled: JSON? { method == "notifications/cancelled" ? params?["requestId"] : nil }

    /// Whether nothing but the client's leaving may end the request soon.
    var isOpenEnded: Bool {
        method == "subscriptions/listen" || (method == "tools/call" && params?["name"] == "wait_for_attention")
    }

    /// The header fields that HTTP wants beside this message (2026-07-28, basic/transports).
    ///
    /// - Parameter negotiated: the version of the handshake, if there was one.
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

    /// A text as a field's value: in base64 unless it is plain ASCII without spaces.
    private static func fieldText(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !text.hasPrefix("=?")
        return isPlain ? text : "=?base64?\(Base64.encode(Array(text.utf8)))?="
    }

    /// What the client is answered if the daemon gave no answer; `nil` if it waits for none.
    func failure(_ reason: String) -> JSON? {
        let errors = ids.map { id -> JSON in
            ["jsonrpc": "2.0", "id": id, "error": ["code": -32603, "message": .string(reason)]]
        }
        return isBatch && !errors.isEmpty ? .array(errors) : errors.first
    }
}
