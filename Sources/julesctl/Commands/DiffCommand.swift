// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl diff`
struct DiffCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Prints a session's newest patch for git apply.",
        discussion: "Without a terminal, prints the patch byte for byte. Exit status 1 means that there is no patch.")

    @Argument(completion: SessionReference.completion) var session: SessionReference
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let path = "/api/sessions/\(percentEncoded(try await session.id(client)))"
        let activities = try await allActivities(client, path).map(ActivityText.init)
        let patch: String?
        if let newest = activities.compactMap(\.patch).last {
            patch = newest
        } else {
            patch = SessionText(json: try await client.get(path)).patch
        }
        guard var patch, !patch.isEmpty else { throw .failed("the session has no patch") }
        if connection.json {
            print(JSON.object(JSONObject([.init(name: "unidiffPatch", value: .string(patch))])))
            return 0
        }
        if !patch.hasSuffix("\n") { patch += "\n" }
        if output.width == nil {
            print(patch, terminator: "")
        } else {
            for line in safeText(patch, keepingLines: true).split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast()
            {
                print(output.style(look(of: line), String(line)))
            }
        }
        return 0
    }

    private func look(of line: Substring) -> Style.Look? {
        if line.hasPrefix("diff ") || line.hasPrefix("+++") || line.hasPrefix("---") { return .bold }
        if line.hasPrefix("+") { return .green }
        if line.hasPrefix("-") { return .red }
        return line.hasPrefix("@@") ? .cyan : nil
    }
}
