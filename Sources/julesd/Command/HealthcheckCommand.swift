// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd healthcheck`
struct HealthcheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Asks the running daemon whether it serves.",
        discussion: """
            Asks /healthz of the daemon that runs with the same settings, over UNIX_SOCKET if that is set, else over PORT, else \
            over /run/julesd/julesd.sock. Exits with 0 if the answer is 200 and with 1 if not. For a container's \
            HEALTHCHECK.
            """)

    @OptionGroup var options: SettingsOptions

    func run() throws {
        let settings: Settings
        do {
            settings = try options.verbLoader().load()
        } catch {
            // Docker accepts only 0 and 1.
            _ = report(error)
            throw ExitCode(ExitStatus.failure.rawValue)
        }
        do throws(HealthProbeError) {
            let status = try HealthProbe(target: settings.healthTarget).status(of: "/healthz")
            if status == 200 { return }
            printError("/healthz answers \(status)")
        } catch {
            printError(error.reason)
        }
        throw ExitCode(ExitStatus.failure.rawValue)
    }
}

extension Settings {
    /// The address on which a daemon with these settings answers `/healthz`.
    var healthTarget: HealthProbe.Target {
        if let unixSocket { return .unix(path: unixSocket) }
        // Only the daemon knows which port it got for 0.
        if let port, port != 0 { return .tcp(host: host, port: port) }
        return .unix(path: "/run/julesd/julesd.sock")
    }
}
