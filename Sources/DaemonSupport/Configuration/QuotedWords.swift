// SPDX-License-Identifier: Apache-2.0

/// Splits `text` at spaces and tabs. Single or double quotes keep words together (systemd.syntax(7), "Quoting").
///
/// A quote counts at the start of a word, or directly after a `!` there. Within quotes a backslash keeps the next
/// character as it is.
///
/// - Returns: the words without their quotes; `nil` if a quote is not closed or is followed by anything but a blank.
public func quotedWords(_ text: String) -> [String]? {
    var words: [String] = []
    var rest = Substring(text)
    while true {
        rest = rest.drop { $0 == " " || $0 == "\t" }
        guard !rest.isEmpty else { return words }
        var word = ""
        if rest.first == "!" { word.append(rest.removeFirst()) }
        if let quote = rest.first, quote == "\"" || quote == "'" {
            rest.removeFirst()
            guard let quoted = takeQuoted(&rest, until: quote) else { return nil }
            word += quoted
            guard rest.isEmpty || rest.first == " " || rest.first == "\t" else { return nil }
        } else {
            let plain = rest.prefix { $0 != " " && $0 != "\t" }
            word += plain
            rest = rest.dropFirst(plain.count)
        }
        words.append(word)
    }
}

private func takeQuoted(_ rest: inout Substring, until quote: Character) -> String? {
    var word = ""
    while let character = rest.popFirst() {
        if character == quote { return word }
        if character == "\\" {
            guard let next = rest.popFirst() else { return nil }
            word.append(next)
        } else {
            word.append(character)
        }
    }
    return nil
}
