// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl status`
struct StatusCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows the state of the daemon.",
        discussion:
            "The exit status is 0 if the daemon is healthy, 1 if Jules or the store has trouble, and 2 if it cannot be reached."
    )

    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let status = try await client.get("/api/status")
        let state = status["upstream"]?["state"]?.string ?? "unknown"
        if connection.json {
            print(status)
            return state == "ok" ? 0 : 1
        }
        let upstream = status["upstream"]
        let reason = upstream?["reason"]?.string.map { ": \(safeText($0))" } ?? ""
        print(
            "julesd \(safeText(status["version"]?.string ?? "?")) at \(client.address), since \(age(since: status["startedAt"]?.string))"
        )
        print(
            "  Jules      \(output.style(state == "ok" ? .green : .red, safeText(state)))\(reason)"
                + ", last answer \(age(since: upstream?["lastAnswer"]?.string)) ago")
        print(
            "  budget     \(number(status["budget"]?["remaining"])) of \(number(status["budget"]?["limit"])) requests left this minute"
        )
        print("  inbox      \(counts(status["inbox"]) ?? "nothing waits for you")")
        print("  sessions   \(counts(status["sessions"]) ?? "none"); \(number(status["created24h"])) created in 24 h")
        print(
            "  clients    \(number(status["clients"]?["websocket"])) WebSocket, \(number(status["clients"]?["events"])) event streams"
        )
        print(
            "  webhooks   \(number(status["webhooks"]?["pending"])) pending, \(number(status["webhooks"]?["dead"])) dead"
        )
        print(
            "  store      \(safeText(status["store"]?["kind"]?.string ?? "?")), \(number(status["store"]?["bytes"])) bytes"
        )
        return state == "ok" ? 0 : 1
    }

    private func number(_ json: JSON?) -> String { json?.int.map(String.init) ?? "?" }

    /// The counts that are not zero, such as `3 plan, 1 failed`; `nil` if all are zero.
    private func counts(_ json: JSON?) -> String? {
        let parts = (json?.object?.members ?? []).compactMap { member in
            member.value.int.flatMap { $0 > 0 ? "\($0) \(DeltaText.words(of: member.name))" : nil }
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
