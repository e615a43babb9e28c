// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct Main {
    static func main() async { await JulesdCommand.main() }
}

/// The sockets that the service manager passed.
func inheritedListeners() -> [InheritedListener] { [] }

/// Runs the daemon until it is asked to stop; `loader` reads the settings again for a reload.
func runDaemon(_ settings: Settings, _ loader: SettingsLoader) async throws -> ExitStatus {
    printError("not wired")
    return .software
}
