// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd token`
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Prints a new random token.",
        discussion: """
            The token has 256 random bits as 64 hexadecimal digits. It is suitable for LOCAL_TOKEN and for every way in which \
            clients send it. Nothing is stored.
            """)

    @OptionGroup var options: SettingsOptions

    func run() { print(randomToken()) }
}
