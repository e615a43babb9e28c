// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("SettingSources", .timeLimit(.minutes(2)))
struct SettingSourcesTests {
    private func gather(
        commandLine: [SettingSources.Override] = [], environment: [String: String] = [:], files: [String: String] = [:],
        fileIsRequired: Bool = false, unreadable: Set<String> = []
    ) -> GatheredSettings {
        SettingSources(
            commandLine: commandLine, environment: environment, credentialsDirectory: "/c", sealedDirectory: "/s",
            filePath: "/f",
            fileIsRequired: fileIsRequired
        ) { path throws(FileReadError) in
            if unreadable.contains(path) { throw FileReadError(reason: "Permission denied") }
            return files[path].map { Array($0.utf8) }
        }.gather(keys: ["A", "B", "PROXY"], ignored: ["OLD"], lowerCase: ["PROXY"])
    }

    @Test("The sources count in this order: command line, environment, credential, file")
    func ranks() {
        let files = ["/f": "A=file", "/c/a": "credential\n", "/n": "named\r\n"]
        var seen: [String] = []
        func note(_ gathered: GatheredSettings) {
            #expect(gathered.problems == [])
            seen.append(gathered.values["A"].map { "\($0.text) from \($0.place)" } ?? "none")
        }
        note(gather(commandLine: [.init(key: "A", value: "typed")], environment: ["A": "inherited"], files: files))
        note(gather(environment: ["A": "inherited"], files: files))
        note(gather(environment: ["A_FILE": "/n"], files: files))
        note(gather(environment: ["A": ""], files: files))
        note(gather(files: ["/f": "\nA=file"]))
        note(gather(files: ["/f": "A_FILE=/n", "/n": "named"]))
        note(gather(files: ["/f": "A=1\nA="]))
        #expect(
            seen == [
                "typed from command line", "inherited from environment", "named from file named by A_FILE (/n)",
                "credential from credential a", "file from /f:2", "named from file named by A_FILE (/n)", "none",
            ])
    }

    @Test("A credential is found under any of its three names", arguments: ["a", "plain_a", "sealed_a"])
    func credentialNames(name: String) {
        #expect(gather(files: ["/c/\(name)": "x\n\n"]).values["A"]?.text == "x")
    }

    @Test("A sealed credential counts as set, unless a stronger source sets the key")
    func sealed() {
        let gathered = gather(environment: ["B": "1"], files: ["/s/a": "x", "/s/b": "x", "/f": "A=2"])
        #expect(gathered.values.mapValues(\.text) == ["B": "1"])
        #expect(gathered.undecided == ["A"])
        #expect(gathered.problems == [])
    }

    @Test("All ambiguities, unknown keys and unreadable files are reported together")
    func problems() {
        let gathered = gather(
            commandLine: [.init(key: "AA", value: "1")],
            environment: ["B": "1", "B_FILE": "/n", "AA": "1", "HOME": "/"],
            files: ["/f": "BB=1\nOLD=1\nX_FILE=1\nnonsense", "/c/plain_a": "1", "/c/sealed_a": "1"])
        #expect(
            gathered.problems.map(\.description) == [
                "AA (command line): there is no such key; did you mean A?",
                "/f:4: the line has no \"=\": write KEY=VALUE, or begin a comment with #",
                "BB (/f:1): there is no such key; did you mean B?", "X_FILE (/f:3): there is no such key",
                "A (credential plain_a): there is also credential sealed_a; keep one",
                "B (environment): B and B_FILE are both set; keep one",
            ])
        #expect(gathered.undecided == ["A", "B"])
    }

    @Test("A named file that is missing or unreadable is an error, and an empty one counts as not set")
    func namedFiles() {
        #expect(gather(environment: ["A_FILE": "/no"]).problems.map(\.reason) == ["there is no such file"])
        let denied = gather(environment: ["A_FILE": "/no"], unreadable: ["/no"])
        #expect(denied.problems.map(\.reason) == ["the file cannot be read: Permission denied"])
        let empty = gather(environment: ["A_FILE": "/e"], files: ["/e": "\n", "/f": "A=1"])
        #expect(empty.values["A"]?.text == "1")
        #expect(empty.warnings.count == 1)
    }

    @Test("A missing settings file is an error only if it is required, an unreadable one always")
    func file() {
        #expect(gather().problems == [])
        #expect(gather(fileIsRequired: true).problems.count == 1)
        #expect(gather(unreadable: ["/f"]).problems.map(\.reason) == ["/f cannot be read: Permission denied"])
    }

    @Test("The last of several equal keys counts, with a warning")
    func repeated() {
        let gathered = gather(files: ["/f": "A=1\nA=2"])
        #expect(gathered.values["A"]?.text == "2")
        #expect(gathered.warnings.map(\.description) == ["A (/f:2): replaces the value at /f:1"])
    }

    @Test("A lower-case variable counts if the upper-case one is not set")
    func lowerCase() {
        #expect(gather(environment: ["proxy": "l", "a": "no"]).values.mapValues(\.text) == ["PROXY": "l"])
        #expect(gather(environment: ["proxy": "l", "PROXY": "u"]).values["PROXY"]?.text == "u")
    }
}
