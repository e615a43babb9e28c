// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One tool: its name, arguments, answer, and the hints for clients.
struct Tool: Sendable {
    enum Name: String, Sendable, CaseIterable {
        case listAttention = "list_attention"
        case waitForAttention = "wait_for_attention"
        case listSessions = "list_sessions"
        case getSession = "get_session"
        case getPlan = "get_plan"
        case approvePlan = "approve_plan"
        case sendMessage = "send_message"
        case createSession = "create_session"
        case listActivities = "list_activities"
        case getActivity = "get_activity"
        case getChanges = "get_changes"
        case getDiff = "get_diff"
        case listRepositories = "list_repositories"
        case archiveSession = "archive_session"
    }

    /// What a tool changes.
    enum Effect: Sendable {
        /// `asksJules`: whether the answer may need the Jules API.
        case reads(asksJules: Bool)
        case writes(isDestructive: Bool, isIdempotent: Bool)
    }

    let name: Name
    let title: String
    let description: String
    let parameters: [Parameter]
    /// The members of the answer besides `attention`, each `name:type` or `name?:type`.
    let output: String
    let effect: Effect
    /// Whether clients should ask a person at each call.
    var needsPerson = false

    var isWriting: Bool { if case .writes = effect { true } else { false } }

    /// The definition in `tools/list`.
    func json(for revision: Revision) -> JSON {
        var object = JSONObject([.init(name: "name", value: .string(name.rawValue))])
        if revision.hasStructuredContent { object["title"] = .string(title) }
        object["description"] = .string(description)
        object["inputSchema"] = inputSchema
        if revision.hasStructuredContent { object["outputSchema"] = outputSchema }
        object["annotations"] = annotations
        if needsPerson { object["_meta"] = ["anthropic/requiresUserInteraction": true] }
        return .object(object)
    }

    private var inputSchema: JSON {
        let properties = JSONObject(parameters.map { .init(name: $0.name, value: $0.schema) })
        var schema = JSONObject([
            .init(name: "type", value: "object"), .init(name: "properties", value: .object(properties)),
        ])
        let required = parameters.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        schema["additionalProperties"] = false
        return .object(schema)
    }

    var outputSchema: JSON {
        var properties = JSONObject()
        var required: [JSON] = []
        for member in (output + " attention:object").split(separator: " ") {
            let parts = member.split(separator: ":")
            let isOptional = parts[0].hasSuffix("?")
            let name = String(isOptional ? parts[0].dropLast() : parts[0])
            properties[name] = ["type": .string(String(parts[1]))]
            if !isOptional { required.append(.string(name)) }
        }
        return ["type": "object", "properties": .object(properties), "required": .array(required)]
    }

    private var annotations: JSON {
        switch effect {
        case .reads(let asksJules):
            [
                "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true,
                "openWorldHint": .bool(asksJules),
            ]
        case .writes(let isDestructive, let isIdempotent):
            [
                "readOnlyHint": false, "destructiveHint": .bool(isDestructive), "idempotentHint": .bool(isIdempotent),
                "openWorldHint": true,
            ]
        }
    }
}

/// One argument of a tool.
struct Parameter: Sendable {
    enum Form: Sendable {
        /// A text with this number of characters.
        case text(ClosedRange<Int>)
        case number(ClosedRange<Int>)
        case flag
        case choice([String])
        /// A list of at most this many texts.
        case texts(Int)
    }

    let name: String
    let form: Form
    var isRequired = false
    var description: String?

    var schema: JSON {
        var schema =
            switch form {
            case .text(let length):
                JSONObject([
                    .init(name: "type", value: "string"), .init(name: "maxLength", value: JSON(length.upperBound)),
                ])
            case .number(let range):
                JSONObject([
                    .init(name: "type", value: "integer"), .init(name: "minimum", value: JSON(range.lowerBound)),
                    .init(name: "maximum", value: JSON(range.upperBound)),
                ])
            case .flag: JSONObject([.init(name: "type", value: "boolean")])
            case .choice(let names):
                JSONObject([
                    .init(name: "type", value: "string"), .init(name: "enum", value: .array(names.map(JSON.string))),
                ])
            case .texts(let count):
                JSONObject([
                    .init(name: "type", value: "array"), .init(name: "items", value: ["type": "string"]),
                    .init(name: "maxItems", value: JSON(count)),
                ])
            }
        if let description { schema["description"] = .string(description) }
        return .object(schema)
    }
}
