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
            Serves until SIGTERM or SIGINT. SIGHUP re-reads the settings file. Exits with 0 when stopped as asked, 69 when \
            upstream was not reachable in time, 71 when a socket cannot be had, 74 for trouble with the storage, 77 when \
            upstream refused the key, 78 for faulty settings.
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
