// SPDX-License-Identifier: Apache-2.0

/// The parts of a task that depend on the programming language: file names, commands and code.
struct Language: Sendable {
    let name: String
    /// Paths and commands, with the placeholders of `Names`.
    let sourcePath: String
    let testPath: String
    let testCommand: String
    let searchCommand: String
    /// The output of a test run that passes.
    let passed: String
    /// The output of a test run that fails.
    let failed: String
    /// The change to the source file, as the lines of a hunk.
    let changes: [Job.Topic: String]
    /// The contents of the new test file.
    let test: String
    var hasPage = false
}

/// The name of a part in all spellings that code and prose need.
struct Names: Sendable {
    let repository: String
    let part: String

    /// Fills in `{part}`, `{Type}`, `{value}`, `{snake}`, `{kebab}`, `{repo}`, `{Repo}` and `{pkg}`. Other braces are
    /// code and stay.
    func fill(_ template: String) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.utf8.firstIndex(of: UInt8(ascii: "{")) {
            text += rest[..<open]
            rest = rest[open...].dropFirst()
            if let close = rest.utf8.firstIndex(of: UInt8(ascii: "}")), let value = self[rest[..<close]] {
                text += value
                rest = rest[close...].dropFirst()
            } else {
                text += "{"
            }
        }
        return text + rest
    }

    private subscript(placeholder: Substring) -> String? {
        switch placeholder {
        case "part": part
        case "Type": type
        case "value": type.prefix(1).lowercased() + type.dropFirst()
        case "snake": words.joined(separator: "_")
        case "kebab": words.joined(separator: "-")
        case "pkg": String(words[0])
        case "repo": package
        case "Repo": package.prefix(1).uppercased() + package.dropFirst()
        default: nil
        }
    }

    private var words: [Substring] { part.split(separator: " ") }
    private var type: String { words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() }
    private var package: String { repository.isEmpty ? "scratch" : repository }
}
