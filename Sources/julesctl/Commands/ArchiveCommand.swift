// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl archive`
struct ArchiveCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Archives sessions. Running ones stop.")

    @Argument(completion: SessionReference.completion) var sessions: [SessionReference]
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        try await actInBulk("archive", sessions, client, json: connection.json)
    }
}

/// `julesctl unarchive`
struct UnarchiveCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "unarchive", abstract: "Removes sessions from the archive.")

    @Argument(completion: SessionReference.completion) var sessions: [SessionReference]
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        try await actInBulk("unarchive", sessions, client, json: connection.json)
    }
}

/// `julesctl delete`
struct DeleteCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes sessions for good.", discussion: "Asks first if there is a terminal.")

    @Argument(completion: SessionReference.completion) var sessions: [SessionReference]
    @Flag(name: .shortAndLong, help: "Does not ask.") var yes = false
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let question =
            "Delete \(sessions.count == 1 ? "this session" : "these \(sessions.count) sessions")? This cannot be undone."
        guard try confirm(question, skip: yes) else {
            TerminalOutput.note("julesctl: nothing is deleted")
            return 1
        }
        return try await actInBulk("delete", sessions, client, json: connection.json)
    }
}

/// Sends one bulk action for many sessions, 500 at a time. Returns 1 if it failed for any of them.
private func actInBulk(
    _ action: String, _ sessions: [SessionReference], _ client: DaemonClient, json: Bool
) async throws(ControlError) -> Int32 {
    var ids: [JSON] = []
    for session in sessions { ids.append(.string(try await session.id(client))) }
    var failed = false
    while !ids.isEmpty {
        let answer = try await client.post(
            "/api/sessions/bulk",
            .object(
                JSONObject([
                    .init(name: "action", value: .string(action)),
                    .init(name: "ids", value: .array(Array(ids.prefix(500)))),
                ])))
        ids.removeFirst(min(500, ids.count))
        if json { print(answer) }
        for result in answer["results"]?.array ?? [] {
            let id = safeText(result["id"]?.string ?? "")
            if result["ok"]?.bool == true {
                if !json { print("\(action) \(id): done") }
            } else {
                failed = true
                TerminalOutput.note("julesctl: \(action) \(id): \(safeText(result["message"]?.string ?? "failed"))")
            }
        }
    }
    return failed ? 1 : 0
}
