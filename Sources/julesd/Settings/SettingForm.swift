// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// The form of a setting's text: the words that describe it, and the function that reads it.
struct SettingForm<Value: Equatable & Sendable>: Sendable {
    /// The accepted form, as the end of the sentence "Accepted: …".
    let words: String
    /// Reads a text that is not empty, and adds remarks about unusual values to the list.
    let read: @Sendable (String, inout [String]) throws(SettingValueError) -> Value

    init(_ words: String, _ read: @escaping @Sendable (String, inout [String]) throws(SettingValueError) -> Value) {
        self.words = words
        self.read = read
    }

    /// The same form for an optional field.
    func orNil() -> SettingForm<Value?> {
        SettingForm<Value?>(words) { text, remarks throws(SettingValueError) in try read(text, &remarks) }
    }
}

/// Why a text is not accepted.
struct SettingValueError: Error {
    /// A clause such as `is no number`.
    let reason: String
    /// The part of the text that the clause is about, if it is not all of it. Shown only if the key is no secret.
    var subject: String?
}

extension String {
    /// Reads each item of a comma-separated list.
    ///
    /// - Throws: `SettingValueError` that names every item that is `noSuch`.
    func items<Item>(noSuch: String, _ read: (String) -> Item?) throws(SettingValueError) -> [Item] {
        var items: [Item] = []
        var refused: [String] = []
        for text in listItems {
            if let item = read(text) { items.append(item) } else { refused.append(text) }
        }
        guard refused.isEmpty else {
            throw SettingValueError(reason: "is no \(noSuch)", subject: refused.joined(separator: ","))
        }
        return items
    }
}

extension SettingForm where Value == Int {
    static func number(_ range: ClosedRange<Int>, _ unit: String) -> SettingForm {
        SettingForm("a whole number of \(unit), \(range.lowerBound) to \(range.upperBound)") {
            text, _ throws(SettingValueError) in
            guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text) else {
                throw SettingValueError(reason: "is no whole number")
            }
            guard range.contains(number) else {
                throw SettingValueError(reason: number < range.lowerBound ? "is too small" : "is too large")
            }
            return number
        }
    }
}

extension SettingForm where Value == Duration {
    static func duration(_ range: ClosedRange<Duration>) -> SettingForm {
        SettingForm(
            "a duration such as 500ms, 5s, 2min, 1h (a bare number is seconds), "
                + "\(range.lowerBound.text) to \(range.upperBound.text)"
        ) { text, _ throws(SettingValueError) in
            guard let duration = Duration(parsing: text) else { throw SettingValueError(reason: "is no duration") }
            guard range.contains(duration) else {
                throw SettingValueError(reason: duration < range.lowerBound ? "is too short" : "is too long")
            }
            return duration
        }
    }
}

extension SettingForm where Value == Bool {
    static let flag = SettingForm("1 or 0 (also yes and no, true and false, on and off)") {
        text, _ throws(SettingValueError) in
        switch text.lowercased() {
        case "1", "yes", "true", "on": return true
        case "0", "no", "false", "off": return false
        default: throw SettingValueError(reason: "is neither yes nor no")
        }
    }
}

extension SettingForm where Value: CaseIterable & RawRepresentable<String> {
    static func choice() -> SettingForm {
        let names = Value.allCases.map(\.rawValue)
        return SettingForm("one of " + names.joined(separator: ", ")) { text, _ throws(SettingValueError) in
            guard let value = Value(rawValue: text.lowercased()) else {
                throw SettingValueError(reason: "is none of the choices")
            }
            return value
        }
    }
}

extension SettingForm where Value == Logger.Level {
    static let logLevel = SettingForm("one of trace, debug, info, notice, warning, error") {
        text, _ throws(SettingValueError) in
        let name = text.lowercased()
        guard let level = Logger.Level(rawValue: name == "warn" ? "warning" : name), level != .critical else {
            throw SettingValueError(reason: "is no log level")
        }
        return level
    }
}

extension SettingForm where Value == String {
    static let directory = SettingForm("the path of a directory") { text, _ in text }

    static let certificates = SettingForm("the path of a file with certificates in PEM form") { text, _ in text }

    static let socketPath = SettingForm("a path of at most 107 bytes") { text, _ throws(SettingValueError) in
        // sockaddr_un.sun_path has 108 bytes with the NUL (unix(7)).
        guard text.utf8.count <= 107 else { throw SettingValueError(reason: "is too long for a socket") }
        return text
    }
}
