// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("Rule match", .timeLimit(.minutes(1)))
struct RuleMatchTests {
    private let event = RuleEvent(
        kind: .plan, sessionID: "1", repository: "acme/docs", branch: "main", title: "Fix the “login” form",
        prompt: "Do it\nnow",
        text: "1. Read\n2. Write", planID: "p1", planSteps: 2, at: Timestamp(milliseconds: 1000))

    private func matches(_ lines: String, _ event: RuleEvent? = nil, since: Int64 = 0) throws -> Bool {
        let rule = try #require(try Rule(name: "r", file: "r.rule", text: "[Match]\n\(lines)\n[Action]\nLeave=yes\n"))
        return rule.match.matches(event ?? self.event, since: Timestamp(milliseconds: since))
    }

    @Test(
        "A pattern matches the whole text in any case, and an excluding one goes first",
        arguments: [
            ("Repository=acme/docs", true), ("Repository=ACME/*", true), ("Repository=acme", false),
            ("Repository=*docs", true),
            ("Repository=acme/d?cs", true), ("Repository=acme/[a-d]ocs", true), ("Repository=acme/[!d]ocs", false),
            ("Repository=other/* acme/*", true), ("Repository=acme/* !*docs", false), ("Repository=!other/*", true),
            ("Title=*“LOGIN”*", true), ("Prompt=do*now", true), ("Text=*write*", true), ("Text=!*delete*", true),
            ("Branch=main", true),
            ("Branch=release/*", false), ("MaxSteps=2", true), ("MaxSteps=1", false), ("Repository=**a**", true),
            ("Repository=\\*", false),
            ("Repository=[]a]cme/docs", true),
        ])
    func patterns(line: String, expected: Bool) throws {
        #expect(try matches("On=plan\n\(line)") == expected)
    }

    @Test("Only the events in On= match", arguments: RuleEvent.Kind.allCases)
    func kinds(kind: RuleEvent.Kind) throws {
        var other = event
        other.kind = kind
        #expect(try matches("On=plan question", other) == [.plan, .question].contains(kind))
    }

    @Test("An event before the rule existed matches only with Existing=yes")
    func existing() throws {
        #expect(try !matches("On=plan", since: 1001))
        #expect(try matches("On=plan", since: 1000))
        #expect(try matches("On=plan\nExisting=yes", since: 1001))
    }

    @Test("An event without a plan does not match MaxSteps=")
    func noPlan() throws {
        var other = event
        other.planSteps = nil
        #expect(try !matches("On=plan\nMaxSteps=100", other))
    }

    @Test("A pattern with many stars on a long text does not take exponential time")
    func stars() throws {
        var other = event
        other.title = String(repeating: "a", count: 20_000)
        #expect(try !matches("On=plan\nTitle=" + String(repeating: "*a", count: 40) + "*b", other))
    }

    @Test("The first rule by name decides, and a later folder replaces or masks a name")
    func order() throws {
        let files = [
            "/usr/10-a.rule": "[Match]\nOn=plan\n[Action]\nLeave=yes",
            "/usr/20-b.rule": "[Match]\nOn=plan\n[Action]\nApprove=yes",
            "/etc/10-a.rule": "", "/etc/20-b.rule": "[Match]\nOn=plan\n[Action]\nArchive=yes",
            "/etc/30-c.rule": "[Match]\nOn=plan\n[Action]\nApprove=yes", "/etc/README": "nothing",
        ]
        let set = try RuleSet.load(
            folders: ["/usr", "/etc"],
            list: { folder in files.keys.filter { $0.hasPrefix(folder) }.map { String($0.dropFirst(folder.count + 1)) }
            },
            read: { Array((files[$0] ?? "").utf8) })
        #expect(set.rules.map(\.name) == ["20-b", "30-c"])
        let first = set.first(for: event, now: Timestamp(milliseconds: 0), since: { _ in Timestamp(milliseconds: 0) })
        #expect(first?.action == .archive && first?.file == "/etc/20-b.rule")
    }

    @Test("The text of a reply is filled in once, and inserted text is not expanded again")
    func reply() {
        var other = event
        other.title = "100%i"
        other.text = "Which way? %t"
        #expect(RuleText(template: "%r %i: %t 100%% %q").filled(for: other) == "acme/docs 1: 100%i 100% Which way? %t")
    }
}
