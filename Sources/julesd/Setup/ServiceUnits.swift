// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The service and its sockets, as systemctl(1) handles them.
struct ServiceUnits: Sendable {
    static let service = "julesd.service"
    static let sockets = ["julesd.socket", "julesd-control.socket"]

    var isSystemdRunning: @Sendable () -> Bool = { FileSystem.exists("/run/systemd/system") }
    var run: @Sendable (_ arguments: [String]) -> SystemCommand.Result = { SystemCommand.run(["systemctl"] + $0) }

    /// Enables all of them and has the daemon start anew, with the credentials of now; true once it is ready.
    func enableAndRestart() -> Bool {
        let all = Self.sockets + [Self.service]
        // Earlier failures would count against this start. Patterns, because a unit that is not loaded has none.
        _ = run(["reset-failed", "julesd.*", "julesd-*"])
        guard succeeds(["enable"] + all) else { return false }
        if !succeeds(["start"] + Self.sockets) {
            // A service that runs without its sockets holds their addresses itself.
            guard succeeds(["stop", Self.service]), succeeds(["start"] + Self.sockets) else { return false }
        }
        return succeeds(["restart", Self.service])
    }

    /// The address of the first TCP socket, such as `127.0.0.1:3001`; the packaged one where systemd does not tell.
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
