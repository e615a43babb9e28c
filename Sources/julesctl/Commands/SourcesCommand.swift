// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl sources`
struct SourcesCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources", abstract: "Lists the repositories that sessions can work on.")

    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let answer = try await client.get("/api/sources")
        if connection.json {
            print(answer)
            return 0
        }
        var table = Table(["REPOSITORY", "ACCESS", "BRANCHES", "DEFAULT BRANCH"])
        for source in answer["sources"]?.array ?? [] {
            let github = source["githubRepo"]
            table.rows.append([
                .init(repository(ofSource: source)), .init(github?["isPrivate"]?.bool == true ? "private" : "public"),
                .init("\(github?["branches"]?.array?.count ?? 0)"),
                .init(safeText(github?["defaultBranch"]?["displayName"]?.string ?? "")),
            ])
        }
        output.printTable(table)
        return 0
    }
}
