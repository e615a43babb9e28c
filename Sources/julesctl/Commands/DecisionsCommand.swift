// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl decisions`
struct DecisionsCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions", abstract: "Lists the decisions of rules, or cancels a waiting decision.")

    @Option(
        help: ArgumentHelp("Only about this session.", valueName: "session"), completion: SessionReference.completion)
    var session: SessionReference?
    @Option(help: "Only of this rule.") var rule: String?
    @Option(help: "How many at most; 0 for all.") var limit = 50
    @Option(help: ArgumentHelp("Cancels this decision.", valueName: "id")) var cancel: String?
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        if let cancel {
            try await client.post("/api/decisions/\(percentEncoded(cancel))/cancel")
            if !connection.json { print("cancelled \(safeText(cancel))") }
            return 0
        }
        var id: String?
        if let session { id = try await session.id(client) }
        let answer = try await client.list(
            "/api/decisions", [("session", id), ("rule", rule)], member: "decisions", limit: limit == 0 ? nil : limit)
        if connection.json {
            print(JSON.object(answer))
            return 0
        }
        var table = Table(
            ["DECISION", "AGE", "STATE", "RULE", "ON", "ACTION", "SESSION", "DETAIL"], narrowing: "SESSION")
        for decision in answer["decisions"]?.array ?? [] {
            let text = { (name: String) in safeText(decision[name]?.string ?? "") }
            let state = text("state")
            let detail = firstLine(decision["detail"]?.string ?? (state == "waiting" ? "until \(text("dueAt"))" : ""))
            table.rows.append([
                .init(text("id")), .init(age(since: decision["at"]?.string)),
                .init(state, state == "failed" ? .red : state == "waiting" ? .yellow : state == "done" ? .green : nil),
                .init(text("rule")), .init(text("reason")), .init(text("action")), .init(text("sessionId")),
                .init(detail),
            ])
        }
        output.printTable(table)
        return 0
    }
}
