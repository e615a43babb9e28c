// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl queue`
struct QueueCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Shows the tasks that wait for room in the account, or moves or cancels one.",
        discussion: "Waiting tasks come first, in the order in which they start. Tasks that ended within a day follow.")

    @Argument(help: "One entry, by its id or any beginning that only one entry has.") var entry: String?
    @Option(
        help: ArgumentHelp(
            "Gives the entry this priority, from -100 to 100: higher ones start first.", valueName: "number"))
    var priority: Int?
    @Flag(help: "Removes the entry from the queue.") var cancel = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard priority != nil || cancel else { return }
        guard entry != nil else { throw ValidationError("--priority and --cancel need the id of an entry.") }
        guard priority == nil || !cancel else { throw ValidationError("Give --priority or --cancel, not both.") }
    }

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        guard let entry else { return try await list(client, output) }
        let path = "/api/queue/\(percentEncoded(try await id(of: entry, client)))"
        if cancel {
            try await client.delete(path)
            if !connection.json { print("cancelled \(safeText(entry))") }
            return 0
        }
        let answer =
            if let priority { try await client.patch(path, ["priority": JSON(priority)]) } else {
                try await client.get(path)
            }
        if connection.json { print(answer) } else { show(answer, output) }
        return 0
    }

    /// The complete id of the entry. An unknown one is returned as it is, so that the daemon reports it.
    ///
    /// - Throws: `ControlError.failed` if several ids begin like this.
    private func id(of beginning: String, _ client: DaemonClient) async throws(ControlError) -> String {
        let entries = try await client.get("/api/queue")["entries"]?.array ?? []
        let ids = entries.compactMap { $0["id"]?.string }.filter { $0.hasPrefix(beginning) }
        guard ids.count > 1, !ids.contains(beginning) else {
            return ids.first { $0 == beginning } ?? ids.first ?? beginning
        }
        throw .failed("\(ids.count) entries begin with \(beginning): \(ids.prefix(5).joined(separator: ", "))")
    }

    private func list(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let answer = try await client.get("/api/queue")
        if connection.json {
            print(answer)
            return 0
        }
        if let held = answer["held"] {
            print("Held for \(time(until: held["until"]?.string)): \(safeText(held["reason"]?.string ?? ""))")
        }
        let entries = answer["entries"]?.array ?? []
        guard !entries.isEmpty else {
            print("Nothing waits.")
            return 0
        }
        var table = Table(
            ["ENTRY", "AGE", "STATE", "PRIORITY", "REPOSITORY", "STARTS", "TITLE"], narrowing: "REPOSITORY")
        for entry in entries {
            let state = entry["state"]?.string ?? ""
            table.rows.append([
                .init(safeText(entry["id"]?.string ?? "")), .init(age(since: entry["queuedAt"]?.string)),
                .init(safeText(state), state == "failed" ? .red : state == "started" ? .green : .yellow),
                .init("\(entry["priority"]?.int ?? 0)"), .init(safeText(entry["repo"]?.string ?? "")),
                .init(safeText(entry["sessionId"]?.string ?? time(until: entry["earliest"]?.string))),
                .init(firstLine(entry["title"]?.string ?? "")),
            ])
        }
        output.printTable(table)
        return 0
    }

    private func show(_ entry: JSON, _ output: TerminalOutput) {
        let lines = [
            ("state", entry["state"]?.string), ("priority", entry["priority"]?.int.map(String.init)),
            ("position", entry["position"]?.int.map(String.init)),
            ("starts", entry["earliest"]?.string.map { time(until: $0) }), ("session", entry["sessionId"]?.string),
            ("repository", entry["repo"]?.string), ("rule", entry["rule"]?.string), ("detail", entry["detail"]?.string),
        ]
        print("\(safeText(entry["id"]?.string ?? "")): \(firstLine(entry["title"]?.string ?? ""))")
        for (name, value) in lines {
            guard let value, !value.isEmpty else { continue }
            print("  \(name)\(String(repeating: " ", count: 11 - name.count))\(safeText(value))")
        }
    }

    /// The time until then in words; `now` if it has passed.
    private func time(until text: String?) -> String {
        guard let then = text.flatMap(Timestamp.init(rfc3339:)) else { return "" }
        let seconds = Int(then.duration(since: .now).components.seconds)
        return seconds > 0 ? "in \(age(seconds: seconds))" : "now"
    }
}

/// `julesctl quota`
struct QuotaCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "Shows how many tasks the account has started, and how many it may start.")

    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let quota = try await client.get("/api/quota")
        if connection.json {
            print(quota)
            return 0
        }
        print("begun within 24 h  \(usage(quota["perDay"], output))\(nextFree(quota["perDay"]?["nextFree"]?.string))")
        print("at work now        \(usage(quota["atOnce"], output))")
        return 0
    }

    private func usage(_ json: JSON?, _ output: TerminalOutput) -> String {
        let (used, limit) = (json?["used"]?.int ?? 0, json?["limit"]?.int ?? 0)
        guard limit > 0 else { return "\(used), no limit set" }
        return output.style(used < limit ? .green : .yellow, "\(used) of \(limit)")
    }

    private func nextFree(_ text: String?) -> String {
        guard let then = text.flatMap(Timestamp.init(rfc3339:)) else { return "" }
        return ", next place in \(age(seconds: Int(then.duration(since: .now).components.seconds)))"
    }
}
