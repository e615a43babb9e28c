// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd rules`
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Lists the rules in force, or tries rules on the stored history.",
        discussion: """
            Rules say what julesd may do by itself; julesd-rules(5) explains them. Every error in a rule is printed with file and \
            line, and the exit status is then 78. None of these verbs sends anything.
            """,
        subcommands: [RulesListCommand.self, RulesTestCommand.self], defaultSubcommand: RulesListCommand.self)
}

/// `julesd rules list`
struct RulesListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the rules in force with their files, in the order in which they are checked.")

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Prints JSON.")
    var json = false

    func run() throws {
        let rules = try options.storeSettings().rules.rules
        if json { return print(JSON.array(rules.map(\.json))) }
        guard !rules.isEmpty else { return print("There are no rules.") }
        var columns = Columns(["RULE", "ON", "ACTION", "AFTER", "FILE"])
        for rule in rules {
            columns.rows.append([
                rule.name, rule.match.kinds.map(\.rawValue).sorted().joined(separator: ","),
                rule.action.name + (rule.isDryRun ? " (dry run)" : ""), rule.delay.text, rule.file,
            ])
        }
        print(columns.text)
    }
}

/// `julesd rules test`
struct RulesTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Shows what rules would have done to the stored history.",
        discussion: """
            Checks the rules in force, or only the given files in the given order, for the events of the sessions in the store. \
            Events before a rule came into force count too. The daemon may run meanwhile.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("Files to check instead of the rules in force.", valueName: "file"))
    var files: [String] = []

    @Option(help: "How many days of history count.")
    var days = 7

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard (1...36_500).contains(days) else { throw ValidationError("--days takes a whole number from 1 to 36500") }
    }

    func run() throws {
        let settings = try options.storeSettings()
        let rules: RuleSet
        do throws(UnitFileError) {
            rules =
                files.isEmpty
                ? settings.rules
                : try RuleSet.load(files: files) { path throws(FileReadError) in try FileContents.read(path) }
        } catch {
            throw report(SettingsError(problems: error.problems))
        }
        let start = Timestamp.now.advanced(by: .seconds(-86_400 * days))
        let rehearsal = try storing {
            if let server = settings.store {
                return try RuleRehearsal(rules, on: try StoreServer(uri: server.secret).openToRead(), since: start)
            }
            let store = StoreFile(directory: settings.dataDirectory)
            try FileRights.becomeOwner(of: store.directory)
            return try RuleRehearsal(rules, on: try store.openToRead().connection, since: start)
        }
        print(json ? "\(rehearsal.json(days: days))" : rehearsal.text(days: days, rules: rules))
    }
}

extension Rule {
    fileprivate var json: JSON {
        [
            "rule": .string(name), "file": .string(file),
            "on": .array(match.kinds.map(\.rawValue).sorted().map { .string($0) }), "action": .string(action.name),
            "after": .string(delay.text), "maxPerSession": JSON(maxPerSession), "maxPerHour": JSON(maxPerHour),
            "dryRun": .bool(isDryRun),
        ]
    }
}

extension RuleRehearsal {
    /// A table of the decisions, and how often each rule would have acted.
    fileprivate func text(days: Int, rules: RuleSet) -> String {
        var columns = Columns(["TIME", "RULE", "SESSION", "ON", "ACTION", "RESULT"])
        for outcome in outcomes {
            let detail = outcome.detail.map { ": \($0)" } ?? ""
            columns.rows.append([
                outcome.due.rfc3339, outcome.rule.name, outcome.event.sessionID, outcome.event.kind.rawValue,
                outcome.rule.action.name, outcome.result.rawValue + detail,
            ])
        }
        let lines = rules.rules.map { rule in
            let own = outcomes.filter { $0.rule.name == rule.name }
            let dropped = own.filter { $0.result == .dropped }.count
            return "\(rule.name): \(rule.action.name) \(own.count - dropped) times, \(dropped) dropped"
        }
        let summary = "\(events) events in \(days) days; \(outcomes.count) decisions."
        return (outcomes.isEmpty ? "" : columns.text + "\n\n") + ([summary] + lines).joined(separator: "\n")
    }

    fileprivate func json(days: Int) -> JSON {
        [
            "days": JSON(days), "events": JSON(events),
            "decisions": .array(
                outcomes.map { outcome in
                    var object = JSONObject([
                        .init(name: "at", value: .string(outcome.event.at.rfc3339)),
                        .init(name: "rule", value: .string(outcome.rule.name)),
                        .init(name: "file", value: .string(outcome.rule.file)),
                        .init(name: "sessionId", value: .string(outcome.event.sessionID)),
                        .init(name: "reason", value: .string(outcome.event.kind.rawValue)),
                        .init(name: "action", value: .string(outcome.rule.action.name)),
                        .init(name: "dueAt", value: .string(outcome.due.rfc3339)),
                        .init(name: "state", value: .string(outcome.result.rawValue)),
                    ])
                    if let plan = outcome.event.planID { object["planId"] = .string(plan) }
                    if let detail = outcome.detail { object["detail"] = .string(detail) }
                    return .object(object)
                }),
        ]
    }
}

/// Lines of text in columns.
private struct Columns {
    let header: [String]
    var rows: [[String]] = []

    init(_ header: [String]) { self.header = header }

    var text: String {
        let all = [header] + rows
        // Nothing follows the last column, so it needs no padding.
        let widths = header.indices.dropLast().map { column in all.map { $0[column].utf8.count }.max() ?? 0 } + [0]
        return all.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.utf8.count)) }
                .joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
