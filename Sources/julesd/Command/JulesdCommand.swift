// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Wording

/// The command line of the daemon.
struct JulesdCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "julesd",
        abstract: "A daemon between the Jules API and its users.",
        discussion: """
            Without a verb, runs the daemon in the foreground. It polls the Jules API, keeps a copy of every session, and sends \
            every change to its clients over HTTP, WebSocket, Server-Sent Events and webhooks. Its settings are explained in \
            /etc/julesd/julesd.conf.
            """,
        version: programVersion,
        subcommands: [
            RunCommand.self, SetupCommand.self, CheckConfigCommand.self, TokenCommand.self, HealthcheckCommand.self,
            VersionCommand.self, BackupCommand.self, RestoreCommand.self, VerifyCommand.self, PruneCommand.self,
            MigrateCommand.self, RulesCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    // Declared here too, so that they are accepted before the verb.
    @OptionGroup var options: SettingsOptions
}
