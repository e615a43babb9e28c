// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesctl mcp`
struct MCPCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp", abstract: "Prints how to connect coding agents to julesd, or connects one with --stdio.",
        discussion: """
            With the name of an agent, prints the configuration for its file; otherwise those of all agents. The address is that \
            of --url. The token is not printed: agents read it from the environment variable JULESD_TOKEN. With --stdio, uses \
            the Model Context Protocol on standard input and output until the input ends, for agents that cannot use HTTP.
            """)

    @Argument(help: "The agent.") var agent: AgentProgram?
    @Flag(help: "Passes messages between standard input and output and the daemon.") var stdio = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if stdio, agent != nil { throw ValidationError("Give --stdio or the name of an agent, not both.") }
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
