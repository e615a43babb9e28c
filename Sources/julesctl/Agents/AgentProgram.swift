// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// A coding agent whose configuration format is known from its documentation.
enum AgentProgram: String, CaseIterable, Sendable, ExpressibleByArgument {
    case claudeCode = "claude-code"
    case codex
    case geminiCLI = "gemini-cli"
    case vsCode = "vscode"
    case cursor

    var title: String {
        switch self {
        case .claudeCode: "Claude Code"
        case .codex: "Codex"
        case .geminiCLI: "Gemini CLI"
        case .vsCode: "VS Code"
        case .cursor: "Cursor"
        }
    }

    /// The configuration file of the agent.
    var file: String {
        switch self {
        case .claudeCode: ".mcp.json"
        case .codex: "~/.codex/config.toml"
        case .geminiCLI: "~/.gemini/settings.json"
        case .vsCode: ".vscode/mcp.json"
        case .cursor: ".cursor/mcp.json"
        }
    }

    /// The environment variable from which agents take the token.
    static let tokenVariable = "JULESD_TOKEN"

    /// The configuration that connects this agent to the daemon at `address`.
    ///
    /// For a URL the agent takes the token from its environment; the configuration never contains it. A Unix socket
    /// needs no token. Agents that cannot open a Unix socket start `julesctl mcp --stdio`.
    func configuration(_ address: DaemonAddress) -> String {
        switch (self, address) {
        case (.vsCode, .unix(let path)):
            return Self.servers("servers", ["type": "http", "url": .string("unix://\(path)#/mcp")])
        case (.codex, .unix):
            let arguments = JSON.array(Self.bridge(address).map(JSON.string))
            return "[mcp_servers.jules]\ncommand = \"julesctl\"\nargs = \(arguments)"
        case (_, .unix):
            var server: JSONObject = [
                "command": "julesctl", "args": .array(Self.bridge(address).map(JSON.string)),
            ]
            if self == .claudeCode { server = JSONObject([.init(name: "type", value: "stdio")] + server.members) }
            return Self.servers("mcpServers", .object(server))
        case (.codex, .url(let base)):
            let url = JSON.string(base + "/mcp")
            return "[mcp_servers.jules]\nurl = \(url)\nbearer_token_env_var = \"\(Self.tokenVariable)\""
        case (.claudeCode, .url(let base)):
            return Self.servers("mcpServers", Self.http(base, "${\(Self.tokenVariable)}", type: "http"))
        case (.geminiCLI, .url(let base)):
            return Self.servers("mcpServers", Self.http(base, "$\(Self.tokenVariable)", url: "httpUrl"))
        case (.cursor, .url(let base)):
            return Self.servers("mcpServers", Self.http(base, "${env:\(Self.tokenVariable)}"))
        case (.vsCode, .url(let base)):
            let question: JSON = [
                "type": "promptString", "id": "julesd-token", "description": "The token of julesd", "password": true,
            ]
            let server = Self.http(base, "${input:julesd-token}", type: "http")
            return JSON.object(["inputs": [question], "servers": ["jules": server]]).description
        }
    }

    /// The arguments of `julesctl` with which an agent starts the bridge.
    private static func bridge(_ address: DaemonAddress) -> [String] {
        ["mcp", "--stdio"] + (address == .standard ? [] : ["--url", "unix:\(address)"])
    }

    private static func servers(_ name: String, _ server: JSON) -> String {
        JSON.object(JSONObject([.init(name: name, value: ["jules": server])])).description
    }

    private static func http(_ base: String, _ token: String, type: String? = nil, url: String = "url") -> JSON {
        var server = JSONObject()
        server["type"] = type.map(JSON.string)
        server[url] = .string(base + "/mcp")
        server["headers"] = ["Authorization": .string("Bearer \(token)")]
        return .object(server)
    }
}
