// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl message`
struct MessageCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "Sends a session's agent a message.")

    @Argument(completion: SessionReference.completion) var session: SessionReference
    @Argument(help: "The text; - reads it from standard input.") var text: String
    @OptionGroup var connection: ConnectionOptions

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        let id = try await session.id(client)
        let message = text == "-" ? readInput() : text
        // With a key, a request that the transport repeats sends the message only once.
        let answer = try await client.post(
            "/api/sessions/\(percentEncoded(id))/message",
            .object(JSONObject([.init(name: "message", value: .string(message))])), key: randomToken())
        print(connection.json ? "\(answer)" : "sent to \(id)")
        return 0
    }
}

/// Reads all of standard input as text.
func readInput() -> String {
    var text = ""
    while let line = readLine(strippingNewline: false) { text += line }
    return text
}
