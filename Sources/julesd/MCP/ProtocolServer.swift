// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Wording

/// Answers the methods of the protocol: a message in, an answer out. It knows no HTTP.
struct ProtocolServer: Sendable {
    let calls: ToolCalls
    /// Called with each error that is a bug in the daemon.
    let failed: @Sendable (any Error) -> Void

    static let attentionURI = "julesd://attention"
    private static let sessionPrefix = "julesd://sessions/"

    /// Reports progress: the token, and a number that grows.
    typealias Progress = @Sendable (JSON) -> Void

    /// The answer to a message as JSON, with its HTTP status; `nil` if the message needs no answer.
    ///
    /// - Parameter longestWait: how long a tool may wait.
    func answer(
        _ message: RPCMessage, _ revision: Revision, longestWait: Duration = ToolCalls.longestWait,
        progress: @escaping Progress = { _ in }
    ) async -> (status: Int, json: JSON)? {
        guard let method = message.method, let id = message.id else { return nil }
        do {
            var result = try await result(method, message, revision, longestWait, progress)
            if !revision.hasHandshake { decorate(&result, method) }
            return (200, ["jsonrpc": "2.0", "id": id, "result": .object(result)])
        } catch let error as RPCError {
            // Revisions with a handshake report errors of a method with status 200.
            return (revision.hasHandshake ? 200 : error.status, error.answering(id).json)
        } catch {
            failed(error)
            return (200, RPCError.fault.answering(id).json)
        }
    }

    /// Whether the answer to a message comes as a stream, because it may take time.
    func isWaiting(_ message: RPCMessage) -> Bool {
        guard message.method == "tools/call", message.id != nil,
            let tool = message.params["name"]?.string.flatMap(calls.tool), tool.name == .waitForAttention
        else { return false }
        return (try? ToolArguments(Self.arguments(of: message), for: tool)) != nil
    }

    /// The name of a message in limits and metrics. The set of names is bounded.
    static func label(_ message: RPCMessage) -> String {
        switch message.method {
        case "tools/call": Tool.label(message.params["name"]?.string)
        case "subscriptions/listen": "listen"
        default: "protocol"
        }
    }

    private func result(
        _ method: String, _ message: RPCMessage, _ revision: Revision, _ longestWait: Duration,
        _ progress: @escaping Progress
    ) async throws -> JSONObject {
        switch method {
        case "initialize" where revision.hasHandshake: return Self.greeting(revision)
        case "ping" where revision.hasHandshake: return JSONObject()
        case "server/discover" where !revision.hasHandshake:
            return JSONObject([
                .init(name: "supportedVersions", value: .array(Revision.names.map(JSON.string))),
                .init(name: "capabilities", value: Self.capabilities(revision)),
                .init(name: "instructions", value: .string(ProtocolTexts.instructions)),
            ])
        case "tools/list":
            try Self.refuseCursor(message)
            return ["tools": .array(calls.offered.map { $0.json(for: revision) })]
        case "tools/call": return try await call(message, revision, longestWait, progress)
        case "resources/list":
            try Self.refuseCursor(message)
            return ["resources": [Self.attentionResource]]
        case "resources/templates/list":
            try Self.refuseCursor(message)
            return ["resourceTemplates": [Self.sessionTemplate]]
        case "resources/read": return try await read(message, revision)
        case "prompts/list":
            try Self.refuseCursor(message)
            return ["prompts": [Self.prompt]]
        case "prompts/get":
            guard message.params["name"]?.string == "review_waiting" else {
                throw RPCError.invalidParams("There is no such prompt; there is review_waiting.")
            }
            return [
                "description": "What waits for a person, one by one",
                "messages": [
                    ["role": "user", "content": ["type": "text", "text": .string(ProtocolTexts.reviewWaiting)]]
                ],
            ]
        default: throw RPCError.unknownMethod(method)
        }
    }

    private func call(
        _ message: RPCMessage, _ revision: Revision, _ longestWait: Duration, _ progress: @escaping Progress
    ) async throws -> JSONObject {
        guard let name = message.params["name"]?.string else {
            throw RPCError.invalidParams("params.name must be a string.")
        }
        guard let tool = calls.tool(name) else {
            throw RPCError.invalidParams("There is no tool \(CleanText(name, limit: 100, lines: false).text).")
        }
        switch message.params["arguments"] {
        case nil, .null?, .object?: break
        default: throw RPCError.invalidParams("params.arguments must be an object.")
        }
        do {
            let arguments = try ToolArguments(Self.arguments(of: message), for: tool)
            let answer = try await calls.call(tool, arguments, longestWait: longestWait) { tick in
                guard let token = message.progressToken else { return }
                progress([
                    "jsonrpc": "2.0", "method": "notifications/progress",
                    "params": ["progressToken": token, "progress": JSON(tick), "message": "waiting"],
                ])
            }
            var result: JSONObject = [
                "content": .array(answer.texts.map { ["type": "text", "text": .string($0)] })
            ]
            if revision.hasStructuredContent { result["structuredContent"] = .object(answer.data) }
            result["isError"] = false
            return result
        } catch let error as ToolError {
            return ["content": [["type": "text", "text": .string(error.message)]], "isError": true]
        }
    }

    private func read(_ message: RPCMessage, _ revision: Revision) async throws -> JSONObject {
        guard let uri = message.params["uri"]?.string else {
            throw RPCError.invalidParams("params.uri must be a string.")
        }
        let data: JSONObject
        if uri == Self.attentionURI {
            data = try await calls.listAttention(try ToolArguments(JSONObject(), for: Tool.all[0]))
        } else if let id = Self.session(of: uri), let session = try await session(id) {
            data = try await calls.describe(session)
        } else {
            var error = RPCError.invalidParams(
                "There is no such resource.", data: ["uri": .string(CleanText(uri, limit: 200).text)])
            if revision.hasHandshake { error = RPCError(code: -32002, message: error.message, data: error.data) }
            throw error
        }
        return [
            "contents": [
                ["uri": .string(uri), "mimeType": "application/json", "text": .string(JSON.object(data).description)]
            ]
        ]
    }

    private func session(_ id: String) async throws -> Session? {
        do { return try await calls.actions.lookup.session(id) } catch {
            guard calls.explain(error) != nil else { throw error }
            return nil
        }
    }

    /// The session in a resource's address; `nil` for any other address.
    static func session(of uri: String) -> String? {
        guard uri.hasPrefix(sessionPrefix) else { return nil }
        let id = String(uri.dropFirst(sessionPrefix.count))
        return ResourceID.isSession(id) ? id : nil
    }

    private static func arguments(of message: RPCMessage) -> JSONObject {
        message.params["arguments"]?.object ?? JSONObject()
    }

    /// Every list has one page, so no cursor is valid.
    private static func refuseCursor(_ message: RPCMessage) throws(RPCError) {
        switch message.params["cursor"] {
        case nil, .null?: return
        default: throw .invalidParams("cursor is none that was given.")
        }
    }
}

extension ProtocolServer {
    static let serverInfo: JSON = ["name": "julesd", "title": "julesd", "version": .string(programVersion)]

    fileprivate static func greeting(_ revision: Revision) -> JSONObject {
        JSONObject([
            .init(name: "protocolVersion", value: .string(revision.rawValue)),
            .init(name: "capabilities", value: capabilities(revision)),
            .init(name: "serverInfo", value: ["name": "julesd", "version": .string(programVersion)]),
            .init(name: "instructions", value: .string(ProtocolTexts.instructions)),
        ])
    }

    /// Updates of resources are sent only through `subscriptions/listen`.
    fileprivate static func capabilities(_ revision: Revision) -> JSON {
        [
            "tools": .object(JSONObject()), "prompts": .object(JSONObject()),
            "resources": revision.hasHandshake ? .object(JSONObject()) : ["subscribe": true],
        ]
    }

    fileprivate static let attentionResource: JSON = [
        "uri": .string(attentionURI), "name": "attention", "title": "What waits for a person",
        "description": "The sessions that wait for a person, oldest first", "mimeType": "application/json",
    ]
    fileprivate static let sessionTemplate: JSON = [
        "uriTemplate": "julesd://sessions/{id}", "name": "session", "title": "A session",
        "description": "One session: state, prompt, last message, plan, pull request", "mimeType": "application/json",
    ]
    fileprivate static let prompt: JSON = [
        "name": "review_waiting", "title": "Review what waits",
        "description": "Goes through the plans and questions that wait for you, and asks what to do",
    ]

    private static let cacheable: Set<String> = [
        "server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read",
    ]

    /// Adds the members that every result of the stateless revision needs.
    fileprivate func decorate(_ result: inout JSONObject, _ method: String) {
        result["resultType"] = "complete"
        if Self.cacheable.contains(method) {
            result["ttlMs"] = 0
            result["cacheScope"] = "private"
        }
        result["_meta"] = .object(
            JSONObject([.init(name: RPCExchange.prefix + "serverInfo", value: Self.serverInfo)]))
    }
}
