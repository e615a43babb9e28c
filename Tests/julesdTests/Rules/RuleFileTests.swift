// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Rule file", .timeLimit(.minutes(1)))
struct RuleFileTests {
    private func rule(_ text: String) throws(UnitFileError) -> Rule? {
        try Rule(name: "40-docs", file: "/etc/julesd/rules.d/40-docs.rule", text: text)
    }

    @Test("A whole file is read: comments, quotes, joined lines, and lists that continue or are reset")
    func whole() throws {
        let rule = try #require(
            try rule(
                """
                \u{FEFF}# comment
                [Match]
                On=plan
                Repository=old/one
                Repository=
                Repository=acme/docs \\
                # a comment between joined lines
                  acme/site-*
                Title=!*release* "two words"
                MaxSteps = 8
                Existing=yes
                [Action]
                ; another comment
                Approve=yes
                After=2min
                MaxPerSession=5
                MaxPerHour=7
                DryRun=on
                """))
        #expect(rule.action == .approve && rule.delay == .seconds(120) && rule.isDryRun)
        #expect(rule.maxPerSession == 5 && rule.maxPerHour == 7)
        #expect(rule.match.maxSteps == 8 && rule.match.includesExisting && rule.match.kinds == [.plan])
        #expect(rule.match.repository.matches("acme/SITE-x") && rule.match.repository.matches("Acme/Docs"))
        #expect(!rule.match.repository.matches("old/one"))
        #expect(rule.match.title.matches("Two Words") && !rule.match.title.matches("a release"))
    }

    @Test("A file with Windows line ends is the same rule, and its faults have the same lines")
    func windows() throws {
        let text = "[Match]\nOn=plan\nTitle=a \\\n  b\n[Action]\nApprove=yes\nAfter=x\n"
        for text in [text, text.replacing("\n", with: "\r\n")] {
            let error = #expect(throws: UnitFileError.self) { try rule(text) }
            #expect(error?.problems.map { "\($0.place, default: "-")" } == ["/etc/julesd/rules.d/40-docs.rule:7"])
        }
        let sound = text.replacing("After=x\n", with: "").replacing("\n", with: "\r\n")
        #expect(try rule(sound)?.match.title.matches("b") == true)
    }

    @Test(
        "The guards have defaults that depend on the action",
        arguments: [
            ("plan", "Approve=yes", 3), ("question", "Reply=continue", 3), ("failed", "Retry=yes", 1),
        ])
    func guards(on: String, action: String, count: Int) throws {
        let rule = try #require(try rule("[Match]\nOn=\(on)\n[Action]\n\(action)\n"))
        #expect(rule.maxPerSession == count && rule.maxPerHour == 20)
    }

    @Test("A file without content masks its name", arguments: ["", "\n\n", "# nothing\n; nothing\n"])
    func masks(text: String) throws {
        #expect(try rule(text) == nil)
    }

    @Test(
        "Every fault has its line, the accepted form and the nearest key",
        arguments: [
            ("[Match]\nOn=plan\n[Action]\nAprove=yes\nApprove=yes", 4, "did you mean Approve=?"),
            ("[Match]\nOn=pln\n[Action]\nApprove=yes", 2, "did you mean plan?"),
            ("[Mach]\nOn=plan", 2, "did you mean [Match]?"),
            ("[Match]\nOn=plan\nAfter=2min\n[Action]\nApprove=yes", 3, "it belongs to [Action]"),
            ("[Match]\nOn=plan\n[Action]\nApprove=yes\nReply=hello", 5, "exactly one action"),
            ("[Match]\nOn=plan\n[Action]\nAfter=1min", 4, "has no action"),
            ("[Match]\nOn=plan\n[Action]\nApprove=no", 4, "has no action"),
            ("[Match]\nTitle=x\n[Action]\nLeave=yes", 4, "is missing in [Match]"),
            ("[Match]\nOn=question\n[Action]\nApprove=yes", 4, "does not fit On=question"),
            ("[Match]\nOn=completed failed\n[Action]\nRetry=yes", 4, "does not fit On=completed"),
            ("[Match]\nOn=question\n[Action]\nReply=50% sure", 4, "\"% \" stands for nothing"),
            ("[Match]\nOn=plan\n[Action]\nApprove=yes\nAfter=soon", 5, "a duration such as"),
            ("[Match]\nOn=plan\nMaxSteps=0\n[Action]\nApprove=yes", 3, "a whole number from 1"),
            ("[Match]\nOn=plan\nTitle=[a\n[Action]\nApprove=yes", 3, "is no list of patterns"),
            ("[Match]\nOn=plan\nTitle=\"a\n[Action]\nApprove=yes", 3, "is no list of patterns"),
            ("[Match]\nOn=plan\n[Action]\nApprove=perhaps", 4, "yes or no"),
            ("On=plan", 1, "before the first section"),
            ("[Match\nOn=plan", 1, "brackets"),
            ("[Match]\nOn=plan\nnonsense\n[Action]\nLeave=yes", 3, "no assignment"),
            ("[Match]\n=plan", 2, "no key"),
        ])
    func faults(text: String, line: Int, wanted: String) throws {
        let error = #expect(throws: UnitFileError.self) { try rule(text) }
        let problems = try #require(error).problems.map(\.description)
        #expect(problems.contains { $0.contains("40-docs.rule:\(line)") && $0.contains(wanted) }, "\(problems)")
    }

    @Test("All faults of a file are reported together")
    func allFaults() throws {
        let error = #expect(throws: UnitFileError.self) {
            try rule("[Match]\nOn=pln\nMaxSteps=x\n[Action]\nAfter=x\n")
        }
        #expect(try #require(error).problems.count == 4)
    }

    @Test("What is wrong is not reported as missing too")
    func wrongOrMissing() throws {
        let error = #expect(throws: UnitFileError.self) { try rule("[Match]\nOn=pln\n[Action]\nApprove=maybe\n") }
        #expect(try #require(error).problems.map(\.key) == ["On=", "Approve="])
    }
}
