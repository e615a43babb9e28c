// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The header fields of a request that the protocol defines; `nil` if a field is missing.
struct RPCFields: Sendable, Equatable {
    var version: String?
    var method: String?
    var name: String?
}

/// The content of one POST: its messages, and the revision for the answers.
struct RPCExchange: Sendable, Equatable {
    let revision: Revision
    let messages: [RPCMessage]
    let isBatch: Bool

    /// How many messages one batch may have.
    static let longestBatch = 20
    static let prefix = "io.modelcontextprotocol/"

    /// Reads a body and decides which revision the answer has (2026-07-28, basic/versioning).
    ///
    /// - Throws: `RPCError` with the first error, in the order body, `_meta`, header fields, version.
    init(_ body: [UInt8], _ fields: RPCFields) throws(RPCError) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: body) } catch { throw .parse("\(error)") }
        if let batch = json.array {
            try self.init(batch: batch, fields)
            return
        }
        let message = try RPCMessage(json)
        do throws(RPCError) {
            self.init(revision: try Self.revision(of: message, fields), messages: [message], isBatch: false)
        } catch { throw error.answering(message.id) }
    }

    private init(revision: Revision, messages: [RPCMessage], isBatch: Bool) {
        self.revision = revision
        self.messages = messages
        self.isBatch = isBatch
    }

    private init(batch: [JSON], _ fields: RPCFields) throws(RPCError) {
        guard fields.version == nil || fields.version == Revision.march2025.rawValue else {
            throw .invalidRequest("This revision has no batches.")
        }
        guard (1...Self.longestBatch).contains(batch.count) else {
            throw .invalidRequest("A batch must have 1 to \(Self.longestBatch) messages.")
        }
        var messages: [RPCMessage] = []
        for json in batch {
            let message = try RPCMessage(json)
            guard message.method != "initialize" else {
                throw .invalidRequest("initialize must not be part of a batch.").answering(message.id)
            }
            messages.append(message)
        }
        self.init(revision: .march2025, messages: messages, isBatch: true)
    }

    private static func revision(of message: RPCMessage, _ fields: RPCFields) throws(RPCError) -> Revision {
        if message.meta?[prefix + "protocolVersion"] != nil { return try stateless(message, fields) }
        if message.method == "initialize" {
            let asked = message.params["protocolVersion"]?.string.flatMap(Revision.init(rawValue:))
            return asked.flatMap { $0.hasHandshake ? $0 : nil } ?? .newestWithHandshake
        }
        guard let version = fields.version else { return .march2025 }
        switch Revision(rawValue: version) {
        case .stateless?: throw .invalidParams("_meta must have \(prefix)protocolVersion.")
        case let revision?: return revision
        case nil: throw .unsupportedVersion(version)
        }
    }

    private static func stateless(_ message: RPCMessage, _ fields: RPCFields) throws(RPCError) -> Revision {
        guard let method = message.method else { throw .invalidRequest("A response is not expected.") }
        guard let version = message.meta?[prefix + "protocolVersion"]?.string else {
            throw .invalidParams("_meta: \(prefix)protocolVersion must be a string.")
        }
        guard message.meta?[prefix + "clientCapabilities"]?.object != nil else {
            throw .invalidParams("_meta: \(prefix)clientCapabilities must be an object.")
        }
        guard fields.version == version else {
            throw .headerMismatch("MCP-Protocol-Version must equal _meta's \(prefix)protocolVersion.")
        }
        guard fields.method == method else { throw .headerMismatch("Mcp-Method must equal the body's method.") }
        let name: JSON? =
            switch method {
            case "tools/call", "prompts/get": message.params["name"]
            case "resources/read": message.params["uri"]
            default: nil
            }
        if let name = name?.string {
            guard let field = fields.name.flatMap(decoded), field == name else {
                throw .headerMismatch("Mcp-Name must equal the name or uri of the body.")
            }
        }
        guard version == Revision.stateless.rawValue else { throw .unsupportedVersion(version) }
        return .stateless
    }

    /// The text of a field, which may have the form `=?base64?…?=`; `nil` if that is no UTF-8 in base64.
    private static func decoded(_ field: String) -> String? {
        let opening = "=?base64?"
        guard field.hasPrefix(opening), field.hasSuffix("?="), field.utf8.count >= opening.utf8.count + 2 else {
            return field
        }
        return Base64.decode(field.dropFirst(opening.count).dropLast(2)).flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }
}
