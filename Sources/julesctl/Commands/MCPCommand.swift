// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl mcp`
struct MCPCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp", abstract: "Prints how a coding agent is led to julesd; --stdio carries its messages.",
        discussion: """
            With the name of an agent, prints its configuration alone, fit for its file; otherwise those of all agents. The address \
            is that of --url. The token is not printed: agents take it from the environment variable JULESD_TOKEN. With --stdio, \
            speaks the Model Context Protocol on standard input and output for an agent that knows no other way, until the \
            input ends.
            """)

    @Argument(help: "The agent.") var agent: AgentProgram?
    @Flag(help: "Carries messages between standard input and output and the daemon.") var stdio = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if stdio, agent != nil { throw ValidationError("--stdio serves whoever starts it: it takes no agent's name") }
    }

    func run(_ client: DaemonClient, _ output: TerminalOutput) async throws(ControlError) -> Int32 {
        if stdio {
            await StandardBridge(client).run()
            return 0
        }
        let agents = agent.map { [$0] } ?? AgentProgram.allCases
        if connection.json {
            print(JSON.array(agents.map { Self.json($0, client.address) }))
        } else if let agent {
            print(agent.configuration(client.address))
        } else {
            let texts = agents.map {
                "\(output.style(.bold, "\($0.title), in \($0.file):"))\n\n\($0.configuration(client.address))\n"
            }
            print(texts.joined(separator: "\n"))
        }
        if case .url = client.address {
            TerminalOutput.note(
                "julesctl: the agent finds the token in its environment variable \(AgentProgram.tokenVariable); VS Code asks for it"
            )
        }
        return 0
    }

    private static func json(_ agent: AgentProgram, _ address: DaemonAddress) -> JSON {
        [
            "agent": .string(agent.rawValue), "file": .string(agent.file),
            "configuration": .string(agent.configuration(address)),
        ]
    }
}
