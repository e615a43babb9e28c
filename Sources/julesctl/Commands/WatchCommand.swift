// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl watch`
struct WatchCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Prints every change as it happens, one per line.",
        discussion: """
            Reconnects without limit and continues after the last change. If changes are no longer stored, it says so. --since \
            also needs the epoch of the number, which --json prints; without --epoch the current epoch is used.
            """)

    @Option(help: ArgumentHelp("Starts after this change.", valueName: "seq")) var since: Int?
    @Option(help: ArgumentHelp("The epoch of --since.", valueName: "epoch")) var epoch: String?
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        var position: EventStream.Position?
        if let since {
            let known: String?
            if let epoch { known = epoch } else { known = try await client.get("/api/status")["epoch"]?.string }
            position = .init(epoch: known ?? "", seq: since)
        }
        let json = connection.json
        try await EventStream(client, since: position) { event in
            switch event {
            case .connected(let position, let isFirst):
                if !isFirst { TerminalOutput.note("julesctl: connected again, after change \(position.seq)") }
            case .delta(let delta): print(json ? "\(delta)" : Self.line(DeltaText(json: delta), output))
            case .gap(let from, let to):
                if json { print("{\"gap\":{\"from\":\(from),\"to\":\(to)}}") }
                TerminalOutput.note(
                    "julesctl: changes \(from) to \(to) are gone; \"julesctl list\" shows how things stand")
            case .activities: break
            case .disconnected(let error, let pause):
                TerminalOutput.note("julesctl: \(error)\njulesctl: trying again in \(pause.text)")
            }
            Terminal.flushOutput()
            return true
        }.run()
        return 0
    }

    private static func line(_ delta: DeltaText, _ output: TerminalOutput) -> String {
        let session = delta.session
        let time = safeText(delta.json["timestamp"]?.string ?? "")
        let head = "\(time)  \(safeText(delta.sessionID))  "
        let sentence = delta.sentence + "  "
        let rest = (session.repository == "-" ? "" : session.repository + ": ") + session.title
        let room = output.width.map { max(8, $0 - displayWidth(head + sentence)) }
        return head + output.style(delta.look, sentence) + (room.map { truncated(rest, to: $0) } ?? rest)
    }
}
