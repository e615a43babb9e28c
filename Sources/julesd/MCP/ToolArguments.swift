// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Why a tool did not do what it was called for, as a short text that a model can use.
struct ToolError: Error, Sendable, Equatable {
    let message: String

    init(_ message: String) { self.message = CleanText(message, limit: 1000).text }
}

/// The arguments of a tool, each checked with the tool's definition.
struct ToolArguments: Sendable, Equatable {
    private let values: JSONObject

    /// - Throws: `ToolError` that names every wrong argument, with the accepted form.
    init(_ values: JSONObject, for tool: Tool) throws(ToolError) {
        var faults: [String] = []
        let known = tool.parameters.map(\.name)
        for member in values.members where !known.contains(member.name) {
            let names = known.joined(separator: ", ")
            faults.append(
                "\(CleanText(member.name, limit: 64, lines: false).text) is no argument of \(tool.name.rawValue): it takes \(names)"
            )
        }
        for parameter in tool.parameters {
            // A model may send null for an argument that it leaves out.
            switch values[parameter.name] {
            case nil, .null?: if parameter.isRequired { faults.append("\(parameter.name) is required") }
            case let value?:
                if !parameter.form.accepts(value) { faults.append("\(parameter.name) must be \(parameter.form.words)") }
            }
        }
        guard faults.isEmpty else { throw ToolError("Invalid arguments: \(faults.prefix(5).joined(separator: "; ")).") }
        self.values = values
    }

    func text(_ name: String) -> String? { values[name]?.string }
    func flag(_ name: String) -> Bool? { values[name]?.bool }
    func number(_ name: String) -> Int? { values[name]?.wholeNumber }
    func texts(_ name: String) -> [String] { (values[name]?.array ?? []).compactMap(\.string) }

    /// The session's id in `session_id`, which has several forms; `nil` if the argument is missing.
    var session: String? {
        get throws(ToolError) {
            guard let text = text("session_id") else { return nil }
            let end = text.firstIndex { $0 == "?" } ?? text.endIndex
            let id = text[..<end].split(separator: "/").last.map(String.init) ?? ""
            guard ResourceID.isSession(id) else {
                throw ToolError(
                    "session_id must be an id such as 123, sessions/123, or the address of the session's page.")
            }
            return id
        }
    }

    /// The same, if `session_id` is required.
    var requiredSession: String {
        get throws(ToolError) {
            guard let session = try session else { throw ToolError("session_id is required.") }
            return session
        }
    }
}

extension Parameter.Form {
    fileprivate func accepts(_ value: JSON) -> Bool {
        switch self {
        case .text(let length): value.string.map { length.contains($0.unicodeScalars.count) } ?? false
        case .number(let range): value.wholeNumber.map(range.contains) ?? false
        case .flag: value.bool != nil
        case .choice(let names): value.string.map(names.contains) ?? false
        case .texts(let count):
            value.array.map { $0.count <= count && $0.allSatisfy { ($0.string?.utf8.count ?? .max) <= 1000 } } ?? false
        }
    }

    /// The accepted form, as the end of a sentence.
    fileprivate var words: String {
        switch self {
        case .text(let length): "a text of \(length.lowerBound) to \(length.upperBound) characters"
        case .number(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .choice(let names): "one of " + names.joined(separator: ", ")
        case .texts(let count): "a list of at most \(count) texts"
        }
    }
}

extension JSON {
    /// The number, if it is whole. In JSON Schema 45.0 is whole too.
    fileprivate var wholeNumber: Int? {
        if let int { return int }
        guard case .number(let text) = self, let value = Double(text) else { return nil }
        return Int(exactly: value)
    }
}
