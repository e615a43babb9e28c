// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd token`
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Prints a fresh random token.",
        discussion: """
            The token has 256 random bits as 64 hexadecimal digits, fit for LOCAL_TOKEN and for everything a client sends it \
            in. Nothing is stored.
            """)

    @OptionGroup var options: SettingsOptions

    func run() { print(randomToken()) }
}
