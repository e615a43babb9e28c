// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Logging

/// `julesd run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the daemon in the foreground (the default).",
        discussion: """
            Serves until SIGTERM or SIGINT. SIGHUP reads the settings again. Exits with 0 if it was stopped, 69 if Jules was not \
            reachable in time, 71 if a socket cannot be opened, 74 if the storage failed, 77 if Jules refused the key, 78 if \
            the settings have errors.
            """)

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let status = await serve()
        if status != .stopped { throw ExitCode(status.rawValue) }
    }

    private func serve() async -> ExitStatus {
        let logger = LogDestination(identifier: "julesd", format: .auto, level: .info, fields: .julesd).logger("julesd")
        let sockets: [InheritedSocket]
        do {
            sockets = try InheritedSockets.take()
        } catch {
            logger.error("\(error)")
            return .socket
        }
        let loader = options.daemonLoader(inherited: sockets.map { InheritedListener($0) })
        do throws(SettingsError) {
            return await Daemon(try loader.load(), sockets: sockets, load: loader.forReload.load).run()
        } catch {
            for warning in error.warnings { logger.warning("\(warning)") }
            error.log(to: logger)
            return .settings
        }
    }
}
