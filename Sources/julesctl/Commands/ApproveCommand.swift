// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl approve`
struct ApproveCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approves a session's plan.",
        discussion: """
            On a terminal, shows the newest plan and asks. Only the plan that was shown is approved; if there is a newer one, the \
            daemon refuses. A plan cannot be rejected, but a message can ask for another one.
            """)

    @Argument(completion: SessionReference.completion) var session: SessionReference
    @Option(help: ArgumentHelp("The plan to approve; the newest one if left out.", valueName: "id")) var plan: String?
    @Flag(name: .shortAndLong, help: "Does not ask.") var yes = false
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let id = try await session.id(client)
        let path = "/api/sessions/\(percentEncoded(id))"
        var planID = plan
        if planID == nil {
            guard
                let newest = try await allActivities(client, path).map(ActivityText.init).last(where: { $0.plan != nil }
                )?.plan
            else { throw .failed("session \(id) has no plan yet") }
            planID = newest.id
            if !connection.json { for line in newest.lines { print(line) } }
        }
        guard try confirm("Approve this plan?", skip: yes) else {
            TerminalOutput.note("julesctl: not approved")
            return 1
        }
        var body = JSONObject([.init(name: "state", value: "approved")])
        body["planId"] = planID.map { .string($0) }
        let answer = try await client.post("\(path)/approve", .object(body), key: randomToken())
        print(
            connection.json
                ? "\(answer)" : "approved; the session is \(DeltaText.words(of: SessionText(json: answer).state))")
        return 0
    }
}
