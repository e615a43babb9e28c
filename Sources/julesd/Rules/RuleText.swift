// SPDX-License-Identifier: Apache-2.0

/// The text of `Reply=`: `%i` is the session's id, `%t` its title, `%r` its repository, `%q` the question, `%%` a percent sign.
struct RuleText: Sendable, Equatable {
    let template: String

    /// The letters that may follow a percent sign.
    static let specifiers: [Character] = ["i", "t", "r", "q", "%"]

    /// The first percent sign in `template` without a known letter after it, with the next character; `nil` if all are known.
    static func unknownSpecifier(in template: String) -> String? {
        var rest = Substring(template)
        while let percent = rest.firstIndex(of: "%") {
            rest = rest[rest.index(after: percent)...]
            guard let letter = rest.popFirst(), specifiers.contains(letter) else {
                return String(template[percent...].prefix(2))
            }
        }
        return nil
    }

    /// The message for this event.
    func filled(for event: RuleEvent) -> String {
        var text = ""
        var rest = Substring(template)
        while let character = rest.popFirst() {
            guard character == "%", let letter = rest.popFirst() else {
                text.append(character)
                continue
            }
            switch letter {
            case "i": text += event.sessionID
            case "t": text += event.title
            case "r": text += event.repository
            case "q": text += event.text
            default: text.append(letter)
            }
        }
        return text
    }
}
