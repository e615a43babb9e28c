// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the daemon in the foreground (the default).",
        discussion: """
            Serves until SIGTERM or SIGINT; a second one cuts the stop short. SIGHUP re-reads the settings file. Exits with 0 \
            when stopped as asked, 69 when upstream was not reachable in time, 71 when a socket cannot be had, 74 for trouble \
            with the storage, 77 when upstream refused the key, 78 for faulty settings.
            """)

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let loader = options.daemonLoader(inherited: inheritedListeners())
        let settings: Settings
        do {
            settings = try loader.load()
        } catch {
            throw report(error)
        }
        let status = try await runDaemon(settings, loader)
        if status != .stopped { throw ExitCode(status.rawValue) }
    }
}
