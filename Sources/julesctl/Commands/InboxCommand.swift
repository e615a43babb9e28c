// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl inbox`
struct InboxCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox", abstract: "Shows the sessions that wait for a person, oldest first (the default verb).")

    @Option(
        help: ArgumentHelp(
            "Only these reasons: plan, question, stalled, expired, failed, asked.", valueName: "reason,…"))
    var reason: String?

    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let answer = try await client.get("/api/inbox", [("reason", reason)])
        if connection.json {
            print(answer)
            return 0
        }
        let items = answer["items"]?.array ?? []
        guard !items.isEmpty else {
            print("Nothing waits for you.")
            return 0
        }
        var table = Table(["SESSION", "SINCE", "REPOSITORY", "WHY", "TITLE"], narrowing: "REPOSITORY")
        for item in items {
            let session = SessionText(json: item["session"] ?? .null)
            let reason = item["reason"]?.string ?? ""
            table.rows.append([
                .init(safeText(item["sessionId"]?.string ?? "")), .init(age(since: item["since"]?.string)),
                .init(session.repository), .init(safeText(reason), reason == "failed" ? .red : .yellow),
                .init(item["question"]?.string.map(firstLine) ?? session.title),
            ])
        }
        output.printTable(table)
        return 0
    }
}

/// `julesctl acknowledge`
struct AcknowledgeCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "acknowledge", abstract: "Removes a session from the inbox until there is a newer reason.")

    @Argument(completion: SessionReference.completion) var session: SessionReference
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let id = try await session.id(client)
        try await client.post("/api/sessions/\(percentEncoded(id))/acknowledge")
        if !connection.json { print("acknowledged \(id)") }
        return 0
    }
}
