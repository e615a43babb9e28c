// SPDX-License-Identifier: Apache-2.0

package import DaemonSupport

/// The type of a request field. As in the proto3 JSON parser, an unknown field is an error.
package indirect enum MessageShape: Sendable {
    case text
    case flag
    /// One of these names.
    case choice(type: String, [String])
    case message([String: MessageShape])
    /// A field that only the server sets. Its value is ignored.
    case outputOnly

    package static let session: MessageShape = .message([
        "prompt": .text, "title": .text, "requirePlanApproval": .flag,
        "automationMode": .choice(
            type: "google.labs.jules.v1alpha.AutomationMode", ["AUTOMATION_MODE_UNSPECIFIED", "AUTO_CREATE_PR"]),
        "sourceContext": .message([
            "source": .text, "workingBranch": .text, "environmentVariablesEnabled": .flag,
            "githubRepoContext": .message(["startingBranch": .text]),
        ]),
        "name": .outputOnly, "id": .outputOnly, "state": .outputOnly, "url": .outputOnly, "outputs": .outputOnly,
        "archived": .outputOnly, "createTime": .outputOnly, "updateTime": .outputOnly,
    ])

    package static let sendMessage: MessageShape = .message(["prompt": .text])
    package static let empty: MessageShape = .message([:])

    /// Reads a body as the message at `path` of the request. `path` is in the spelling of the proto file; it is empty
    /// if the message is the whole request.
    ///
    /// - Returns: the body with all names in lowerCamelCase and without members that are `null`. The parser accepts
    ///   both the JSON name and the name in the proto file, and treats `null` as absent (ProtoJSON Format,
    ///   <https://protobuf.dev/programming-guides/json/>).
    /// - Throws: `APIError` if a field is unknown or has the wrong type.
    package func read(body: JSON, at path: String = "") throws(APIError) -> JSON {
        guard case .object = body else {
            throw .invalid(nil, "Invalid JSON payload received. The root of the message must be an object.")
        }
        return try read(body, at: path)
    }

    private func read(_ value: JSON, at path: String) throws(APIError) -> JSON {
        switch (self, value) {
        case (_, .null), (.outputOnly, _), (.text, .string), (.flag, .bool): return value
        case (.message(let fields), .object(let object)):
            var members = JSONObject()
            for member in object.members {
                guard let name = [member.name, member.name.camelCased].first(where: { fields[$0] != nil }),
                    let shape = fields[name]
                else { throw Self.unknownField(member.name, at: path) }
                let value = try shape.read(member.value, at: (path.isEmpty ? "" : path + ".") + name.snakeCased)
                if case .null = value { continue }
                members[name] = value
            }
            return .object(members)
        case (.choice(_, let names), .string(let name)) where names.contains(name): return value
        case (.choice(let type, _), _): throw Self.invalidValue(value, at: path, type: "type.googleapis.com/\(type)")
        case (.text, _): throw Self.invalidValue(value, at: path, type: "TYPE_STRING")
        case (.flag, _): throw Self.invalidValue(value, at: path, type: "TYPE_BOOL")
        case (.message, _): throw Self.invalidValue(value, at: path, type: "TYPE_MESSAGE")
        }
    }

    private static func unknownField(_ name: String, at path: String) -> APIError {
        let place = path.isEmpty ? "" : " at '\(path)'"
        return .invalid(
            path.isEmpty ? name.snakeCased : path,
            "Invalid JSON payload received. Unknown name \"\(name)\"\(place): Cannot find field.")
    }

    private static func invalidValue(_ value: JSON, at path: String, type: String) -> APIError {
        .invalid(path, "Invalid value at '\(path)' (\(type)), \(value)")
    }
}

extension String {
    /// The field's name in the proto file: `startingBranch` becomes `starting_branch`.
    package var snakeCased: String {
        reduce(into: "") { text, character in
            if character.isASCII, character.isUppercase { text += "_" }
            text += character.lowercased()
        }
    }

    /// The field's JSON name: `starting_branch` becomes `startingBranch`.
    package var camelCased: String {
        let parts = split(separator: "_", omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(String(parts.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }
}
