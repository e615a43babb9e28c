// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The members of a request to the control endpoint. Each member can be taken once; a member that nobody takes is an
/// error.
struct ControlBody {
    private var object: JSONObject

    init(_ json: JSON) throws(ControlError) {
        guard let object = json.object else { throw ControlError("the body must be a JSON object") }
        self.object = object
    }

    /// An empty body counts as an empty object.
    init(parsing bytes: [UInt8]) throws(ControlError) {
        let json: JSON
        do throws(JSONError) {
            json = bytes.isEmpty ? [:] : try JSON(parsing: bytes)
        } catch {
            throw ControlError("\(error)")
        }
        try self.init(json)
    }

    private mutating func take<Value>(
        _ name: String, _ form: String, _ read: (JSON) -> Value?
    ) throws(ControlError) -> Value? {
        guard let json = object[name] else { return nil }
        guard let value = read(json) else { throw ControlError("\(name): expected \(form), not \(json)") }
        object[name] = nil
        return value
    }

    mutating func text(_ name: String) throws(ControlError) -> String? { try take(name, "text") { $0.string } }
    mutating func flag(_ name: String) throws(ControlError) -> Bool? { try take(name, "true or false") { $0.bool } }
    mutating func count(_ name: String) throws(ControlError) -> Int? {
        try take(name, "a count") { $0.int.flatMap { $0 >= 0 ? $0 : nil } }
    }
    mutating func number(_ name: String) throws(ControlError) -> Double? {
        try take(name, "a number") { if case .number(let text) = $0 { Double(text) } else { nil } }
    }
    mutating func duration(_ name: String) throws(ControlError) -> Duration? {
        try take(name, "a duration such as 500ms, 3s or 10min") { Duration(parsing: $0.scalarText) }
    }
    mutating func object(_ name: String) throws(ControlError) -> JSONObject? {
        try take(name, "an object") { $0.object }
    }

    /// All members as text, for names that are checked elsewhere.
    mutating func allScalars() -> [(name: String, text: String)] {
        defer { object = JSONObject() }
        return object.members.map { ($0.name, $0.value.scalarText) }
    }

    /// Throws if a member was not taken.
    func end() throws(ControlError) {
        if let member = object.members.first { throw ControlError("\"\(member.name)\" is not known here") }
    }
}

extension JSON {
    /// The text of a string without quotes; for other values their JSON.
    fileprivate var scalarText: String { string ?? description }
}
