// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl new`
struct NewCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Starts or queues a session.",
        discussion:
            "Prints the id of the new session or of the queue's entry. A lost answer never makes two sessions, because each request has its own key."
    )

    @Option(
        help: ArgumentHelp("The repository. Without it the session has none.", valueName: "owner/name"),
        completion: .custom { words, _, prefix in await repositoryCompletions(prefix, connection: words) })
    var repo: String?

    @Option(help: "The branch to start from; the repository's default branch if left out.") var branch: String?
    @Option(help: "The title; made from the prompt if left out.") var title: String?
    @Flag(help: "Waits for your approval of the plan.") var requireApproval = false
    @Flag(help: "Opens a pull request at the end.") var createPR = false
    @Flag(help: "Lets the session wait until the account has room for it.") var queue = false
    @Option(
        help: ArgumentHelp("With --queue: from -100 to 100; higher ones start first.", valueName: "number"))
    var priority: Int?
    @Argument(help: "What to do; - or nothing reads it from standard input.") var prompt = "-"
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        var body = JSONObject([.init(name: "prompt", value: .string(prompt == "-" ? readInput() : prompt))])
        body["repo"] = repo.map { .string($0) }
        body["branch"] = branch.map { .string($0) }
        body["title"] = title.map { .string($0) }
        if requireApproval { body["requirePlanApproval"] = true }
        if createPR { body["automationMode"] = "AUTO_CREATE_PR" }
        if queue { body["queue"] = true }
        body["priority"] = priority.map { JSON($0) }
        let answer = try await client.post("/api/sessions", .object(body), key: randomToken())
        print(connection.json ? "\(answer)" : safeText(SessionText(json: answer).id))
        return 0
    }
}
