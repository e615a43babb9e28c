// SPDX-License-Identifier: Apache-2.0

/// What a session works on. It stores a few numbers; all texts are generated from them when needed.
struct Assignment: Sendable {
    /// A shell command with its output.
    struct ShellRun: Sendable, Equatable {
        var command: String
        var output: String
        var exitCode = 0
    }

    /// The repository; `nil` for a session without one.
    let repository: Repository?
    private let part: String
    private let job: Int
    private let variant: Int
    private let hashes: UInt64

    private var topic: Job { Job.all[job] }
    private var language: Language { repository?.language ?? .python }
    private var names: Names { Names(repository: repository?.name ?? "", part: part) }

    /// A random task: any part of any repository.
    init(random: inout SplitMix64) {
        let repository = random.pick(Repository.all)
        self.init(repository: repository, job: nil, random: &random)
    }

    /// The task that a prompt describes, as far as its words are known.
    init(prompt: String, source: String?, random: inout SplitMix64) {
        let repository = Repository.all.first { $0.source.name == source }
        self.init(repository: repository, job: Job.index(for: prompt), random: &random)
        guard let repository, let named = repository.parts.first(where: { prompt.lowercased().contains($0) }) else {
            return
        }
        self.init(repository: repository, part: named, job: job, variant: variant, hashes: hashes)
    }

    private init(repository: Repository?, job: Int?, random: inout SplitMix64) {
        self.init(
            repository: repository, part: random.pick(repository?.parts ?? ["draft script"]),
            job: job ?? random.number(in: 0...Job.all.count - 1), variant: random.number(in: 0...5),
            hashes: random.next())
    }

    private init(repository: Repository?, part: String, job: Int, variant: Int, hashes: UInt64) {
        self.repository = repository
        self.part = part
        self.job = job
        self.variant = variant
        self.hashes = hashes
    }

    private func choose(_ texts: [String]) -> String { names.fill(texts[variant % texts.count]) }
}

extension Assignment {
    /// The draft of this task.
    func draft(_ random: inout SplitMix64) -> SessionDraft {
        var draft = SessionDraft(prompt: choose(topic.prompts), title: choose(topic.titles))
        draft.source = repository?.source.name
        draft.startingBranch = random.chance(0.85) ? "main" : repository.map { random.pick($0.source.branches) }
        draft.requirePlanApproval = random.chance(0.075)
        draft.automationMode = random.chance(0.6) ? "AUTO_CREATE_PR" : nil
        draft.environmentVariablesEnabled = random.chance(0.3)
        return draft
    }

    /// The title that the service makes from a prompt: its first sentence without the full stop.
    func title(for prompt: String) -> String {
        let line = prompt.prefix { $0 != "\n" }
        let sentence = line.firstRange(of: ". ").map { line[..<$0.lowerBound] } ?? line
        let text = sentence.hasSuffix(".") ? sentence.dropLast() : sentence
        guard text.count > 80 else { return String(text) }
        let words = text.prefix(80)
        return String(words[..<(words.lastIndex(of: " ") ?? words.endIndex)])
    }

    var commitMessage: String {
        "\(choose(topic.titles))\n\n\(names.fill(topic.steps[1].title)) in `\(names.fill(language.sourcePath))`, with tests."
    }

    var slug: String {
        choose(topic.titles).lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
    }

    var pullRequestDescription: String {
        let steps = topic.steps.map { "- " + names.fill($0.title) }.joined(separator: "\n")
        return "\(choose(topic.prompts))\n\n\(steps)"
    }

    func steps(revised: Bool) -> [(title: String, description: String)] {
        let steps = topic.steps.map { (title: names.fill($0.title), description: names.fill($0.description)) }
        return revised ? steps + [("Work in the requested changes", "As discussed above.")] : steps
    }

    func question(_ random: inout SplitMix64) -> String { names.fill(random.pick(topic.questions)) }

    /// The owner's answer to a question.
    func answer(_ random: inout SplitMix64) -> String {
        random.pick([
            "Yes, please go ahead like that.", "Keep it simple: your suggestion is fine.",
            "Good catch. Leave the old behaviour as the default and make it an option.",
            "Prefer the stricter way, and mention it in the changelog.",
        ])
    }

    func acknowledgement(_ random: inout SplitMix64) -> String {
        names.fill(
            random.pick([
                "Understood. I will work that into the {part}.",
                "Thanks, that helps. I am adjusting {Type} accordingly.",
                "Got it! I will update the tests as well and come back when they pass.",
            ]))
    }

    func note(_ random: inout SplitMix64) -> (title: String, description: String) {
        let note = random.pick([
            ("Reading the callers of {Type}", "Four call sites, two of them in tests."),
            ("All tests for the {part} pass", ""),
            ("Reviewing the change", "Checking names, error messages and the documentation."),
            ("Fixing a formatting problem", "The linter complained about `{snake}`."),
            ("Looking at how similar parts of {repo} do it", ""),
        ])
        return (names.fill(note.0), names.fill(note.1))
    }

    func exploration(_ random: inout SplitMix64) -> ShellRun {
        let source = names.fill(language.sourcePath)
        let test = names.fill(language.testPath)
        return random.pick([
            ShellRun(
                command: "git log --oneline -3",
                output:
                    "\(hash(7)) Merge pull request #\(variant + 112)\n\(hash(8)) Bump dependencies\n\(hash(9)) Tidy up\n"
            ),
            ShellRun(command: names.fill(language.searchCommand), output: "\(source)\n\(test)\n"),
            ShellRun(command: "wc -l \(source)", output: "\(120 + Int(hashes % 300)) \(source)\n"),
        ])
    }

    func check(passing: Bool, _ random: inout SplitMix64) -> ShellRun {
        ShellRun(
            command: names.fill(language.testCommand), output: names.fill(passing ? language.passed : language.failed),
            exitCode: passing ? 0 : 1)
    }

    func failure(_ random: inout SplitMix64) -> String {
        names.fill(
            random.pick([
                "The environment could not be set up: dependency resolution failed.",
                "I could not make the tests for the {part} pass within the time limit.",
                "The repository could not be cloned.",
            ]))
    }

    var hasPage: Bool { language.hasPage && repository != nil }

    /// An image of a page, 160 by 100 pixels: a PNG in base64.
    static let screenshot =
        "iVBORw0KGgoAAAANSUhEUgAAAKAAAABkAgMAAAB82NMcAAAADFBMVEUAAAAtVZbN1Nz6+vyIA38SAAAAmElEQVR42u2WsQ2AMAwE"
        + "WZIl+eJH+L1ogoSoyblApLDr071lRY63Hdb2KzieWhlcf44DVoMz8DwmhUAho1F0yj0agUHG6nhub7+etzGyOQaByCgU7XKPQqCR"
        + "Mb173udoBAYZ62svCERG1VcKAtWvB3xdU1DIaBSdco9GYJARRavvno8ugJMcUjNQKNrlHoVAI2P69TS4JHgBOkrqFF3upK0AAAAA"
        + "SUVORK5CYII="

    private func hash(_ index: UInt64) -> String {
        var random = SplitMix64(seed: hashes &+ index)
        return random.hexadecimal(7)
    }
}

extension Assignment {
    /// The number of edits in the whole change.
    var editCount: Int { repository == nil ? 2 : 3 }

    /// The title of an edit's progress activity.
    func changeTitle(edit: Int) -> String {
        switch edit {
        case 0: names.fill(topic.steps[1].title)
        case 1: names.fill("Add tests for the {part}")
        default: "Update the changelog"
        }
    }

    /// The unified diff of the first `edits` edits.
    func patch(edits: Int) -> String {
        (0..<min(edits, editCount)).map { edit in
            switch edit {
            case 0:
                Diff.changed(
                    names.fill(language.sourcePath), hunk: names.fill(language.changes[topic.topic] ?? ""),
                    line: 18 + Int(hashes % 160), from: hash(1), to: hash(2))
            case 1: Diff.added(names.fill(language.testPath), text: names.fill(language.test), as: hash(3))
            default:
                Diff.changed(
                    "CHANGELOG.md", hunk: " ## Unreleased\n \n+- \(choose(topic.titles)).\n ", line: 5,
                    from: hash(4), to: hash(5))
            }
        }.joined()
    }
}
