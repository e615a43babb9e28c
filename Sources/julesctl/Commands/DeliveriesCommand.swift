// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl deliveries`
struct DeliveriesCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "Lists webhook deliveries, or sends one again.")

    @Option(help: ArgumentHelp("Only pending, delivered or dead ones.", valueName: "state")) var state: String?
    @Option(help: "How many at most; 0 for all.") var limit = 50
    @Option(help: ArgumentHelp("Sends this delivery again.", valueName: "id")) var retry: String?
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        if let retry {
            let answer = try await client.post("/api/deliveries/\(percentEncoded(retry))/retry")
            print(connection.json ? "\(answer)" : "\(safeText(retry)) will be sent again")
            return 0
        }
        let answer = try await client.list(
            "/api/deliveries", [("state", state)], member: "deliveries", limit: limit == 0 ? nil : limit)
        if connection.json {
            print(JSON.object(answer))
            return 0
        }
        var table = Table(["DELIVERY", "AGE", "STATE", "ATTEMPTS", "ENDPOINT", "LAST ERROR"], narrowing: "ENDPOINT")
        for delivery in answer["deliveries"]?.array ?? [] {
            let state = delivery["state"]?.string ?? ""
            table.rows.append([
                .init(safeText(delivery["id"]?.string ?? "")), .init(age(since: delivery["createdAt"]?.string)),
                .init(safeText(state), state == "dead" ? .red : state == "pending" ? .yellow : .green),
                .init("\(delivery["attempts"]?.int ?? 0)"), .init(safeText(delivery["endpoint"]?.string ?? "")),
                .init(firstLine(delivery["lastError"]?.string ?? "")),
            ])
        }
        output.printTable(table)
        return 0
    }
}
