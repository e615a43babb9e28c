// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Wording

/// `julesd version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Prints the version.",
        discussion: "Prints the name of the program and its version on one line.")

    @OptionGroup var options: SettingsOptions

    func run() { print("julesd \(programVersion)") }
}
