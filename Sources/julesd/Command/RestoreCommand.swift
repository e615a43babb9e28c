// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd restore`
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Replaces the store by a copy of a store; the daemon must be stopped.",
        discussion: """
            Accepts a copy that backup made, and any other copy of a store. The copy is checked first; a damaged one, or one of \
            a later release, is refused. The earlier store is kept beside it. Changes get new numbers in a new epoch, and \
            clients are informed when they return. Exits with 74 if nothing was restored. A store in PostgreSQL is restored \
            with pg_restore instead.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The copy.", valueName: "file"))
    var file: String

    func run() throws {
        let store = try options.storeFile(
            instead: """
                restore what pg_dump has copied with pg_restore into a new database, and name that in STORE; the daemons then \
                begin a new epoch by themselves
                """)
        let restored = try storing { try store.restore(file, at: .now) }
        if let aside = restored.aside { printError("The store that was there is kept as \(aside).") }
        let contents = restored.contents
        print("\(store.path) is restored: \(contents.sessions) sessions, \(contents.activities) activities.")
    }
}
