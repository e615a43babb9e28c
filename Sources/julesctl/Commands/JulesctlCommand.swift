// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Wording

/// The command line for people and scripts.
struct JulesctlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "julesctl",
        abstract: "Shows Jules sessions and acts on them, through julesd.",
        discussion: """
            Without a verb, shows the inbox: the sessions that wait for a person. It connects to the daemon's Unix socket, where \
            root and members of the group julesd need no token, or to --url. An id may be shortened to any beginning that only \
            one session has. The exit status is 0 if the command succeeded, 1 if the daemon refused or failed, 2 if the daemon \
            cannot be reached, and 64 if the command line is wrong.
            """,
        version: programVersion,
        subcommands: [
            InboxCommand.self, ListCommand.self, ShowCommand.self, DiffCommand.self, ActivitiesCommand.self,
            ApproveCommand.self, MessageCommand.self, AcknowledgeCommand.self, NewCommand.self, ArchiveCommand.self,
            UnarchiveCommand.self, DeleteCommand.self, WatchCommand.self, WaitCommand.self, StatusCommand.self,
            QueueCommand.self, QuotaCommand.self, SourcesCommand.self, DecisionsCommand.self, DeliveriesCommand.self,
            MCPCommand.self,
        ],
        defaultSubcommand: InboxCommand.self)
}
