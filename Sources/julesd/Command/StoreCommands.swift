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
        let place: String
        let check: StoreCheck
        if let file {
            place = file
            check = try storing {
                guard FileSystem.exists(file) else { throw StoreError.refused("there is no file \(file)") }
                return try StoreCheck(of: try SQLiteConnection(path: file, mode: .alone))
            }
        } else {
            ProcessPriority.lower()
            switch try options.storePlace() {
            case .file(let store):
                place = store.path
                check = try storing { try self.check(store) }
            case .server(let store):
                place = "the store in PostgreSQL"
                check = try storing { try StoreCheck(of: try store.openToRead()) }
            }
        }
        guard check.problems.isEmpty else {
            for problem in check.problems { printError("error: \(place): \(problem)") }
            throw ExitCode(ExitStatus.storage.rawValue)
        }
        print("\(place) is sound: \(check.summary).")
    }

    private func check(_ store: StoreFile) throws -> StoreCheck {
        try FileRights.becomeOwner(of: store.directory)
        let reading = try store.openToRead()
        if reading.leavesStrayLogOut {
            printError("warning: the write-ahead log beside \(store.path) belongs to another file and is left out")
        }
        return try StoreCheck(of: reading.connection)
    }
}

/// `julesd prune`
struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Removes now what is older than RETENTION_DAYS.",
        discussion: """
            The daemon does this by itself once an hour, and may run meanwhile. The store keeps its size and uses the space again. \
            --vacuum returns the space of a file to the file system; the daemon must be stopped for this.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Makes the file as small as possible.")
    var vacuum = false

    func run() async throws {
        let settings = try options.storeSettings()
        if vacuum, settings.store != nil {
            throw refusal(
                "--vacuum is for a file: PostgreSQL uses the space again by itself, and its VACUUM FULL returns it")
        }
        try await storing {
            let (store, place) = try await open(settings)
            let before = try await store.size().bytes
            let (time, isDoubted) = try await store.retentionTime()
            if isDoubted {
                printError(
                    "warning: the clock has jumped ahead; history is removed as if it were \(time.rfc3339) until the clock has stayed ahead for a day"
                )
            }
            let cutoff = Retention.cutoff(days: settings.retentionDays, at: time)
            while try await store.pruneStep(before: cutoff) {}
            if vacuum { try await store.vacuum() }
            let after = try await store.size().bytes
            await store.close()
            print("\(place) holds nothing older than \(cutoff.rfc3339); \(before) bytes before, \(after) now.")
        }
    }

    /// Opens a store that is there. Returns its name for a person too.
    private func open(_ settings: Settings) async throws -> (store: SessionStore, place: String) {
        if let server = settings.store {
            try StoreServer(uri: server.secret).openToRead().close()
            return (try await .open(for: settings, logger: verbLogger), "the store in PostgreSQL")
        }
        let file = StoreFile(directory: settings.dataDirectory)
        try FileRights.becomeOwner(of: file.directory)
        guard FileSystem.exists(file.path) else { throw StoreError.absent(file.path) }
        return (try await open(file), file.path)
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
        abstract: "Updates the store's tables to this release's version, or moves the store to PostgreSQL.",
        discussion: """
            The daemon updates the tables by itself when it starts. A copy of the earlier store is kept beside it. A store that is \
            up to date is not changed. The daemon must be stopped.

            With --to, copies the store in DATA_DIR to a PostgreSQL database, with its epoch and all numbers, reads every row back \
            and compares it. The file is not changed. Nothing is in the database before everything is: after an interruption, run \
            this again. Exits with 74 if the store was not moved.
            """)

    @OptionGroup var options: SettingsOptions

    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("Moves the store to this database, a connection URI of libpq.", valueName: "uri"))
    var target: String?

    func run() async throws {
        if let target { return try move(to: target) }
        switch try options.storePlace() {
        case .file(let store):
            try await storing {
                try FileRights.becomeOwner(of: store.directory)
                guard FileSystem.exists(store.path) else { throw StoreError.absent(store.path) }
                await (try await store.open(verbLogger)).close()
            }
            print("\(store.path) has schema version \(Schema.migrator.latest).")
        case .server(let store):
            let version = try storing { try store.prepare() }
            print("the store in PostgreSQL has schema version \(version).")
        }
    }

    private func move(to target: String) throws {
        let settings = try options.storeSettings(store: target)
        guard let uri = settings.store else { throw refusal("--to takes a connection URI, and is empty") }
        if target.hasPassword {
            printError(
                "warning: every user of this machine can read the password on the command line; ~/.pgpass or PGPASSWORD can hold it"
            )
        }
        let store = StoreFile(directory: settings.dataDirectory)
        let line = ProgressLine()
        let (outcome, check) = try storing {
            defer { line.erase() }
            try FileRights.becomeOwner(of: store.directory)
            let source = try store.openToMove()
            defer { withExtendedLifetime(source.lock) {} }
            let connection = try StoreServer(uri: uri.secret).openToFill()
            let transfer = StoreTransfer(of: store, source, to: connection) { line.show($0) }
            let outcome = try transfer.run()
            try store.noteMoved()
            return (outcome, try transfer.summary())
        }
        let verb = outcome == .moved ? "is moved to PostgreSQL" : "had been moved to PostgreSQL already"
        print(
            """
            \(store.path) \(verb): \(check). Every row was read back and compared.
            Now set STORE to the URI, best as the credential "store" or with STORE_FILE, and start the daemon: it goes on in the same \
            epoch.
            The file is not changed and not used any more. A daemon that starts on it again, without STORE, begins a new epoch.
            """)
    }
}

extension String {
    /// Whether this connection URI has a password.
    fileprivate var hasPassword: Bool {
        let user = drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" && $0 != "?" }
        return contains("password=") || user.contains("@") && user.prefix { $0 != "@" }.contains(":")
    }
}

/// One line of a terminal that is written again and again. Without a terminal on standard error nothing is written.
private struct ProgressLine {
    private let isShown = Terminal.isError

    func show(_ text: String) { write(text) }

    func erase() { write("") }

    private func write(_ text: String) {
        guard isShown else { return }
        var stream = StandardError()
        // ECMA-48: erase to the end of the line.
        stream.write("\r\(text)\u{1B}[K")
    }
}

/// Where the settings say that the store is.
enum StorePlace {
    /// Whatever PERSIST says.
    case file(StoreFile)
    case server(StoreServer)
}

extension SettingsOptions {
    /// The settings for a verb about the store, which needs no key.
    ///
    /// - Parameter store: takes the place of STORE.
    func storeSettings(store: String? = nil) throws -> Settings {
        var loader = storeLoader()
        if let store { loader.arguments.append(.init(key: "STORE", value: store)) }
        do {
            let settings = try loader.load()
            guard settings.sealed.contains("STORE") else { return settings }
            guard let store = CredentialStore().unseal("STORE") else {
                throw refusal("STORE is an encrypted credential that cannot be opened here", .settings)
            }
            loader.arguments.append(.init(key: "STORE", value: store.reveal()))
            return try loader.load()
        } catch let error as SettingsError {
            throw report(error)
        }
    }

    /// The store that the settings name.
    func storePlace() throws -> StorePlace {
        let settings = try storeSettings()
        if let server = settings.store { return .server(StoreServer(uri: server.secret)) }
        return .file(StoreFile(directory: settings.dataDirectory))
    }

    /// The store's file.
    ///
    /// - Parameter instead: what to do if the store is on a server.
    func storeFile(instead: String) throws -> StoreFile {
        switch try storePlace() {
        case .file(let store): return store
        case .server: throw refusal("STORE is set, so the store is in PostgreSQL: \(instead)")
        }
    }
}

/// Says why a verb does nothing. Returns the exit status.
private func refusal(_ reason: String, _ status: ExitStatus = .usage) -> ExitCode {
    printError("error: \(reason)")
    return ExitCode(status.rawValue)
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
