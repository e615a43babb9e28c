// SPDX-License-Identifier: Apache-2.0

/// A file of sections and `Key=Value` lines in the syntax of systemd's unit files (systemd.syntax(7)).
///
/// Lines that begin with `#` or `;` are comments. A line that ends with a backslash is joined with the next line that
/// is no comment; the backslash becomes a space. White space around a key and around a value is ignored.
public struct UnitFile: Sendable, Equatable {
    /// One assignment.
    public struct Entry: Sendable, Equatable {
        /// The name of the section without its brackets.
        public var section: String
        /// The text before the `=`.
        public var key: String
        /// The text after the `=`; may be empty.
        public var value: String
        /// The number of the line on which the assignment begins, counted from 1.
        public var line: Int

        /// An assignment.
        public init(section: String, key: String, value: String, line: Int) {
            self.section = section
            self.key = key
            self.value = value
            self.line = line
        }
    }

    /// All assignments in the file's order.
    public let entries: [Entry]

    /// Reads `text`.
    ///
    /// - Parameter path: the file's path, for the problems.
    /// - Throws: ``UnitFileError`` with every line that is neither a section nor an assignment.
    public init(_ text: String, path: String) throws(UnitFileError) {
        var entries: [Entry] = []
        var problems: [SettingError] = []
        var section: String?
        for (line, number) in Self.logicalLines(of: text) {
            func refuse(_ reason: String) {
                problems.append(
                    SettingError(
                        place: .file(path: path, line: number), reason: reason,
                        accepted: "[Section], Key=Value, or a comment that begins with # or ;"))
            }
            if line.first == "[" {
                let name = line.dropFirst().dropLast()
                guard line.last == "]", !name.isEmpty, !name.contains(where: { "[]".contains($0) }) else {
                    refuse("a section's name stands in one pair of brackets")
                    continue
                }
                section = String(name)
            } else if let equals = line.firstIndex(of: "=") {
                let key = trimmed(line[..<equals])
                guard !key.isEmpty else {
                    refuse("there is no key before the =")
                    continue
                }
                guard let section else {
                    refuse("\(key)= stands before the first section")
                    continue
                }
                entries.append(
                    Entry(section: section, key: key, value: trimmed(line[line.index(after: equals)...]), line: number))
            } else {
                refuse("the line is no assignment")
            }
        }
        guard problems.isEmpty else { throw UnitFileError(problems) }
        self.entries = entries
    }

    /// The lines after joining, without comments and empty lines. Each has the number of its first physical line.
    private static func logicalLines(of text: String) -> [(text: String, number: Int)] {
        var lines: [(text: String, number: Int)] = []
        var open: (text: String, number: Int)?
        let body = text.unicodeScalars.first == "\u{FEFF}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
        // By scalars, because Swift treats "\r\n" as one character, which is not equal to "\n".
        for (index, raw) in body.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = trimmed(Substring(raw))
            if line.first == "#" || line.first == ";" { continue }
            if open == nil, line.isEmpty { continue }
            let goesOn = line.last == "\\"
            let part = goesOn ? String(line.dropLast()) + " " : line
            let joined = (text: (open?.text ?? "") + part, number: open?.number ?? index + 1)
            open = goesOn ? joined : nil
            if !goesOn { lines.append(joined) }
        }
        if let open { lines.append(open) }
        return lines.map { (trimmed($0.text), $0.number) }.filter { !$0.text.isEmpty }
    }
}

/// All problems of a file together.
public struct UnitFileError: Error, Equatable {
    /// The problems in the order in which they were found; never empty.
    public let problems: [SettingError]

    /// An error with these problems.
    public init(_ problems: [SettingError]) { self.problems = problems }
}

/// `text` without spaces, tabs and carriage returns at either end.
private func trimmed(_ text: some StringProtocol) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" || character == "\r" }
    guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(text[first...last])
}
