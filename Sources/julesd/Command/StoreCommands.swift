// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport
import Logging

/// `julesd verify`
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks the store, or a copy of it, and changes nothing.",
        discussion: """
            Reads everything: whether the file is undamaged, whether every change follows the one before, and whether each row \
            agrees with its text. The daemon may run meanwhile. Exits with 74 if there is an error.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("A copy to check instead of the store.", valueName: "file"))
    var file: String?

    func run() throws {
        let path: String
        let check: StoreCheck
        if let file {
            path = file
            check = try storing {
                guard FileSystem.exists(file) else { throw StoreError.refused("there is no file \(file)") }
                return try StoreCheck(of: try SQLiteConnection(path: file, mode: .alone))
            }
        } else {
            let store = try options.store()
            path = store.path
            ProcessPriority.lower()
            check = try storing {
                try FileRights.becomeOwner(of: store.directory)
                let reading = try store.openToRead()
                if reading.leavesStrayLogOut {
                    printError("warning: the write-ahead log beside \(path) belongs to another file and is left out")
                }
                return try StoreCheck(of: reading.connection)
            }
        }
        guard check.problems.isEmpty else {
            for problem in check.problems { printError("error: \(path): \(problem)") }
            throw ExitCode(ExitStatus.storage.rawValue)
        }
        print(
            """
            \(path) is sound: \(check.sessions) sessions, \(check.activities) activities, \(check.deltas) changes up to \
            \(check.head.seq) of epoch \(check.head.epoch).
            """)
    }
}

/// `julesd prune`
struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Removes now what is older than RETENTION_DAYS.",
        discussion: """
            The daemon does this by itself once an hour, and may run meanwhile. The file keeps its size and uses the space again. \
            --vacuum returns the space to the file system; the daemon must be stopped for this.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Makes the file as small as possible.")
    var vacuum = false

    func run() async throws {
        let settings = try options.storeSettings()
        let store = StoreFile(directory: settings.dataDirectory)
        try await storing {
            try FileRights.becomeOwner(of: store.directory)
            guard FileSystem.exists(store.path) else { throw StoreError.absent(store.path) }
            let sessions = try await open(store)
            let before = FileSystem.size(store.path)
            let (time, isDoubted) = try await sessions.retentionTime()
            if isDoubted {
                printError(
                    "warning: the clock has jumped ahead; history is removed as if it were \(time.rfc3339) until the clock has stayed ahead for a day"
                )
            }
            let cutoff = Retention.cutoff(days: settings.retentionDays, at: time)
            while try await sessions.pruneStep(before: cutoff) {}
            if vacuum { try await sessions.vacuum() }
            await sessions.close()
            print(
                "\(store.path) holds nothing older than \(cutoff.rfc3339); \(before) bytes before, \(FileSystem.size(store.path)) now."
            )
        }
    }

    /// Opens the store as its owner, or without the lock if the daemon has it.
    private func open(_ store: StoreFile) async throws -> SessionStore {
        do { return try await store.open(verbLogger) } catch StoreError.locked(.held) where !vacuum {
            return try await SessionStore(at: .file(path: store.path), now: .now)
        }
    }
}

/// `julesd migrate`
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Updates the store's tables to this release's version.",
        discussion: """
            The daemon does this by itself when it starts. A copy of the earlier store is kept beside it. A store that is up to \
            date is not changed. The daemon must be stopped.
            """)

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let store = try options.store()
        try await storing {
            try FileRights.becomeOwner(of: store.directory)
            guard FileSystem.exists(store.path) else { throw StoreError.absent(store.path) }
            await (try await store.open(verbLogger)).close()
        }
        print("\(store.path) has schema version \(Schema.migrator.latest).")
    }
}

extension SettingsOptions {
    /// The settings for a verb about the store, which needs no key.
    func storeSettings() throws -> Settings {
        do { return try storeLoader().load() } catch { throw report(error) }
    }

    /// The store that the settings name, whatever PERSIST says.
    func store() throws -> StoreFile { StoreFile(directory: try storeSettings().dataDirectory) }
}

/// A verb's logger: text for the person who runs it.
private var verbLogger: Logger {
    LogDestination(identifier: "julesd", format: .text, level: .notice, fields: .julesd, descriptor: 2).logger("julesd")
}

/// Runs `body`. If the store fails, prints why and ends the program with the status for storage errors.
func storing<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch { throw report(StoreError(error)) }
}

/// Runs `body`. If the store fails, prints why and ends the program with the status for storage errors.
func storing<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
) async throws -> Value {
    do { return try await body() } catch { throw report(StoreError(error)) }
}

private func report(_ error: StoreError) -> ExitCode {
    printError("error: \(error)")
    return ExitCode(error.exitStatus.rawValue)
}
