// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The service and its sockets, through systemctl(1).
struct ServiceUnits: Sendable {
    static let service = "julesd.service"
    static let sockets = ["julesd.socket", "julesd-control.socket"]

    var isSystemdRunning: @Sendable () -> Bool = { FileSystem.exists("/run/systemd/system") }
    var run: @Sendable (_ arguments: [String]) -> SystemCommand.Result = { SystemCommand.run(["systemctl"] + $0) }

    /// Enables all units and restarts the daemon with the present credentials.
    ///
    /// - Returns: `true` when the daemon is ready, `false` if a step failed.
    func enableAndRestart() -> Bool {
        let all = Self.sockets + [Self.service]
        // Earlier failures would count against this start. Patterns are used, because naming a unit that is not loaded is an
        // error.
        _ = run(["reset-failed", "julesd.*", "julesd-*"])
        guard succeeds(["enable"] + all) else { return false }
        if !succeeds(["start"] + Self.sockets) {
            // If the service runs without its sockets, it holds their addresses itself.
            guard succeeds(["stop", Self.service]), succeeds(["start"] + Self.sockets) else { return false }
        }
        return succeeds(["restart", Self.service])
    }

    /// The address of the first TCP socket, such as `127.0.0.1:3001`; the package's default if systemd does not say.
    func address() -> String {
        let listed = run(["show", "--property=Listen", "--value", Self.sockets[0]])
        let text = String(decoding: listed.output, as: UTF8.self)
        guard listed.status == 0, let address = text.split(whereSeparator: \.isWhitespace).first else {
            return "127.0.0.1:3001"
        }
        return String(address)
    }

    private func succeeds(_ arguments: [String]) -> Bool { run(arguments).status == 0 }
}
