// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// `julesd backup`
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Writes a copy of the store to a file, also while the daemon runs.",
        discussion: """
            The copy is consistent, checked, on the disk when this ends, and readable by its owner alone. It takes its time, so \
            that the daemon's clients do not notice. An existing file is left alone without --force. Exits with 74 where \
            there is no copy.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("Where the copy goes.", valueName: "file"))
    var file: String

    @Flag(help: "Replaces a file that is there already.")
    var force = false

    func run() throws {
        let store = try options.store()
        ProcessPriority.lower()
        if let refusal = try storing({ try store.backUp(to: file, replacing: force) }) {
            printError("warning: the copy does not belong to the owner of the store (\(refusal))")
        }
        print("\(store.path) is copied to \(file), \(FileSystem.size(file)) bytes.")
    }
}
