// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Synchronization

/// `julesctl activities`
struct ActivitiesCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "activities", abstract: "Prints a session's activities, oldest first.")

    @Argument(completion: SessionReference.completion) var session: SessionReference
    @Flag(help: "Continues with new activities until it is interrupted.") var follow = false
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let id = try await session.id(client)
        let path = "/api/sessions/\(percentEncoded(id))"
        let known = Mutex<Set<String>>([])
        let json = connection.json
        let show: @Sendable ([JSON]) -> Void = { activities in
            for activity in activities {
                let text = ActivityText(json: activity)
                guard known.withLock({ $0.insert(text.id).inserted }) else { continue }
                print(json ? "\(activity)" : Self.lines(of: text, output).joined(separator: "\n"))
            }
            Terminal.flushOutput()
        }
        show(try await allActivities(client, path))
        guard follow else { return 0 }
        // Activities that come between the list above and the start of the stream are read again. Activities that were
        // printed are not printed twice.
        let (breaks, connected) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let rereading = Task {
            for await _ in breaks { if let missed = try? await allActivities(client, path) { show(missed) } }
        }
        defer { rereading.cancel() }
        try await EventStream(client, activitiesOf: id) { event in
            switch event {
            case .connected: connected.yield()
            case .activities(id, let activities): show(activities)
            case .disconnected(let error, let pause):
                TerminalOutput.note("julesctl: \(error); trying again in \(pause.text)")
            default: break
            }
            return true
        }.run()
        return 0
    }

    private static func lines(of activity: ActivityText, _ output: TerminalOutput) -> [String] {
        let head = output.style(.faint, safeText(activity.time)) + " " + output.style(.bold, activity.kind)
        return [head] + activity.text.split(separator: "\n").map { "  \($0)" }
    }
}
