// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd backup`
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Writes a copy of the store to a file, also while the daemon runs.",
        discussion: """
            The copy is consistent, checked, on the disk when this ends, and readable only by its owner. The work is slow on \
            purpose, so that it does not disturb the daemon's clients. Without --force an existing file is not replaced. Exits \
            with 74 if no copy was made. A store in PostgreSQL is copied with pg_dump instead.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The path of the copy.", valueName: "file"))
    var file: String

    @Flag(help: "Replaces an existing file.")
    var force = false

    func run() throws {
        let store = try options.storeFile(
            instead: "copy it with pg_dump --format=custom --file=FILE, also while daemons run")
        ProcessPriority.lower()
        if let refusal = try storing({ try store.backUp(to: file, replacing: force) }) {
            printError("warning: the copy does not belong to the owner of the store (\(refusal))")
        }
        print("\(store.path) is copied to \(file), \(FileSystem.size(file)) bytes.")
    }
}
