// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl list`
struct ListCommand: DaemonCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists sessions, newest first.")

    @Option(
        help: ArgumentHelp("Only these states, such as IN_PROGRESS,PAUSED.", valueName: "state,…"),
        transform: { $0.uppercased() })
    var state: String?

    @Option(
        help: ArgumentHelp("Only sessions of this repository.", valueName: "owner/name"),
        completion: .custom { words, _, prefix in await repositoryCompletions(prefix, connection: words) })
    var repo: String?

    @Flag(help: "Only sessions that wait for a person.") var attention = false

    @Option(help: ArgumentHelp("no, only or all.", valueName: "which")) var archived = Archived.no

    @Option(name: .short, help: ArgumentHelp("Only sessions with this text in title, prompt or id.", valueName: "text"))
    var query: String?

    @Option(help: "How many at most; 0 for all.") var limit = 100

    @OptionGroup var connection: ConnectionOptions

    enum Archived: String, ExpressibleByArgument, CaseIterable {
        case no, only, all

        var parameter: String { self == .no ? "0" : self == .only ? "1" : "all" }
    }

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit must be 0 or more, not \(limit)") }
    }

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let answer = try await client.list(
            "/api/sessions",
            [
                ("state", state), ("repo", repo), ("attention", attention ? "1" : nil),
                ("archived", archived.parameter),
                ("q", query),
            ], member: "sessions", limit: limit == 0 ? nil : limit)
        if connection.json {
            print(JSON.object(answer))
            return 0
        }
        let sessions = (answer["sessions"]?.array ?? []).map(SessionText.init)
        guard !sessions.isEmpty else {
            TerminalOutput.note("no session matches")
            return 0
        }
        var table = Table(["SESSION", "AGE", "STATE", "REPOSITORY", "TITLE"], narrowing: "REPOSITORY")
        table.rows = sessions.map { session in
            [
                .init(safeText(session.id)), .init(age(since: session.created)),
                .init(DeltaText.words(of: session.state), Style.Look(state: session.state)), .init(session.repository),
                .init((session.isArchived ? "(archived) " : "") + session.title),
            ]
        }
        output.printTable(table)
        if answer["nextCursor"]?.string != nil { TerminalOutput.note("there are more; --limit 0 shows all") }
        return 0
    }
}
