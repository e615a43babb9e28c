// SPDX-License-Identifier: Apache-2.0

/// What a programming language lends to a task: file names, commands and code.
struct Language: Sendable {
    let name: String
    /// Paths and commands with the placeholders of `Names`.
    let sourcePath: String
    let testPath: String
    let testCommand: String
    let searchCommand: String
    /// What a passing run of the tests prints.
    let passed: String
    /// What a failing run prints.
    let failed: String
    /// The change to the source file, as the body of a hunk.
    let changes: [Job.Topic: String]
    /// The new test file.
    let test: String
    var hasPage = false
}

/// A part's name in every spelling that code and prose need.
struct Names: Sendable {
    let repository: String
    let part: String

    private var words: [String] { part.split(separator: " ").map(String.init) }

    /// Fills in `{part}`, `{Type}`, `{value}`, `{snake}`, `{kebab}`, `{repo}` and `{pkg}`.
    func fill(_ template: String) -> String {
        guard template.contains("{") else { return template }
        let type = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let repo = repository.isEmpty ? "scratch" : repository
        return
            template.replacing("{part}", with: part).replacing("{Type}", with: type)
            .replacing("{value}", with: type.prefix(1).lowercased() + type.dropFirst())
            .replacing("{snake}", with: words.joined(separator: "_"))
            .replacing("{kebab}", with: words.joined(separator: "-"))
            .replacing("{Repo}", with: repo.prefix(1).uppercased() + repo.dropFirst())
            .replacing("{repo}", with: repo).replacing("{pkg}", with: words[0])
    }
}
