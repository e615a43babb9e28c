// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl show`
struct ShowCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a session: its plan, its last activities and its outputs.")

    @Argument(completion: SessionReference.completion) var session: SessionReference
    @Flag(help: "Asks the Jules API first.") var refresh = false
    @Option(help: "How many of the last activities.") var last = 10
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let path = "/api/sessions/\(percentEncoded(try await session.id(client)))"
        let json = try await client.get(path, [("refresh", refresh ? "1" : nil)])
        if connection.json {
            print(json)
            return 0
        }
        let activities = try await allActivities(client, path).map(ActivityText.init)
        let session = SessionText(json: json)
        print(output.style(.bold, session.title))
        print("  id          \(safeText(session.id))")
        print(
            "  state       \(output.style(Style.Look(state: session.state), DeltaText.words(of: session.state)))"
                + (session.isArchived ? ", archived" : ""))
        print("  repository  \(session.repository)\(session.branch.map { ", \($0)" } ?? "")")
        if let created = session.created { print("  created     \(safeText(created)) (\(age(since: created)) ago)") }
        if let url = json["url"]?.string { print("  page        \(safeText(url))") }
        for url in session.pullRequests { print("  pull request  \(output.style(.green, url))") }
        let prompt = safeText(json["prompt"]?.string ?? "", keepingLines: true)
        print(
            "\n\(output.style(.faint, "PROMPT"))\n"
                + prompt.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
        if let plan = activities.last(where: { $0.plan != nil })?.plan {
            print("\n\(output.style(.faint, "PLAN")) \(safeText(plan.id))")
            for line in plan.lines { print(line) }
        }
        guard last > 0, !activities.isEmpty else { return 0 }
        print("\n\(output.style(.faint, "LAST ACTIVITIES"))")
        for activity in activities.suffix(last) { print(activityLine(activity, output)) }
        return 0
    }
}

/// All activities of the session at `path`, oldest first.
func allActivities(_ client: DaemonClient, _ path: String) async throws(ControlError) -> [JSON] {
    try await client.list("\(path)/activities", [], member: "activities", limit: nil, cursor: "after")["activities"]?
        .array ?? []
}

/// An activity in one line: age, kind and the beginning of its text.
func activityLine(_ activity: ActivityText, _ output: TerminalOutput) -> String {
    let head = "  " + age(since: activity.time).padding(to: 7) + " " + activity.kind.padding(to: 9) + " "
    let text = firstLine(activity.text)
    return head + (output.width.map { truncated(text, to: max(8, $0 - displayWidth(head))) } ?? text)
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - displayWidth(self)))
    }
}
