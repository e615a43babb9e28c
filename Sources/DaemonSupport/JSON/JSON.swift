// SPDX-License-Identifier: Apache-2.0

/// A JSON value (RFC 8259). Numbers stay as they were written, and members keep their order.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    /// The number as text, so that a number beyond `Int64` is not changed.
    case number(String)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

/// The members of a JSON object, in the order received. If a name is repeated, the last one counts, as in JavaScript
/// (ECMA-262, `JSON.parse`).
public struct JSONObject: Sendable {
    /// One name with its value.
    public struct Member: Sendable {
        /// The member's name, unescaped.
        public var name: String
        /// The member's value.
        public var value: JSON

        /// A member with this name and value.
        public init(name: String, value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// All members as received.
    public var members: [Member]

    /// An object of these members.
    public init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value of the member `name`; `nil` if there is none. Setting `nil` removes the member.
    public subscript(name: String) -> JSON? {
        get { members.last { $0.name == name }?.value }
        set {
            guard let newValue else { return members.removeAll { $0.name == name } }
            if let index = members.lastIndex(where: { $0.name == name }) {
                members[index].value = newValue
            } else {
                members.append(Member(name: name, value: newValue))
            }
        }
    }
}

extension JSON {
    /// The text, if this is a string.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The truth value, if this is a truth value.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The number, if this is an integer that fits `Int`.
    public var int: Int? { if case .number(let text) = self { Int(text) } else { nil } }

    /// The elements, if this is an array.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }

    /// The members, if this is an object.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// The member `name`, if this is an object that has it.
    public subscript(name: String) -> JSON? { object?[name] }
}

extension JSON: Equatable {
    /// Equality of the data: the order of members is ignored, but numbers must be written the same way.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONObject: Equatable {
    /// Equality of the data: the order of members is ignored.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.members.count == right.members.count else { return false }
        // Usually the order is the same, and no dictionary is needed.
        if zip(left.members, right.members).allSatisfy({ $0.name == $1.name }) {
            return zip(left.members, right.members).allSatisfy { $0.value == $1.value }
        }
        let a = Dictionary(left.members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        let b = Dictionary(right.members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        return a == b
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A number.
    public init(integerLiteral value: Int) { self = .number(String(value)) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object with its members in the order written.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member(name: $0.0, value: $0.1) }))
    }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// A number.
    public init(_ value: some BinaryInteger) { self = .number(String(value)) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object with its members in the order written.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { Member(name: $0.0, value: $0.1) })
    }
}
