// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Settings {
    /// The settings file, unless the command line names another.
    static let defaultPath = "/etc/julesd/julesd.conf"

    /// Reads the settings from all sources: arguments, environment, credentials, file, defaults.
    ///
    /// - Parameters:
    ///   - arguments: the command line's settings.
    ///   - environment: the whole environment. `STATE_DIRECTORY` is the default of `DATA_DIR`.
    ///   - credentialsDirectory: the service manager's credentials.
    ///   - sealedDirectory: the credentials that only the service manager can decrypt, for a verb that a person runs.
    ///   - credentialsAreHidden: there may be credentials that this process cannot see, so a missing key is no error.
    ///   - configPath: the file; `nil` means the default path, where it may be missing.
    ///   - inherited: the sockets from the service manager; `nil` if nothing will be served, so that listeners are not
    ///     checked.
    ///   - readFile: reads a file.
    ///   - readFolder: lists a folder with rules. Without it there are no rules.
    /// - Throws: `SettingsError` with all problems together.
    static func load(
        arguments: [SettingSources.Override] = [], environment: [String: String] = [:],
        credentialsDirectory: String? = nil, sealedDirectory: String? = nil, credentialsAreHidden: Bool = false,
        configPath: String? = nil, inherited: [InheritedListener]? = nil,
        readFile: @escaping FileRead = { path throws(FileReadError) in try FileContents.read(path) },
        readFolder: FolderRead = { _ in nil }
    ) throws(SettingsError) -> Settings {
        let sources = SettingSources(
            commandLine: arguments, environment: environment, credentialsDirectory: credentialsDirectory,
            sealedDirectory: sealedDirectory, filePath: configPath ?? defaultPath, fileIsRequired: configPath != nil,
            readFile: readFile)
        // A .env file of the older program has NODE_ENV.
        let gathered = sources.gather(
            keys: SettingKey.all.map(\.name), ignored: ["NODE_ENV"], lowerCase: ["HTTPS_PROXY", "NO_PROXY"])

        var settings = Settings()
        settings.warnings = gathered.warnings
        // Several state directories are separated by colons (systemd.exec(5)); the first one is ours.
        if let directory = environment["STATE_DIRECTORY"]?.split(separator: ":").first {
            settings.dataDirectory = String(directory)
        }
        var problems = gathered.problems
        var undecided = gathered.undecided
        settings.sealed = undecided.subtracting(problems.compactMap(\.key))
        if credentialsAreHidden {
            undecided.formUnion(SettingKey.all.map(\.name).filter { gathered.values[$0] == nil })
        }
        for key in SettingKey.all {
            guard let value = gathered.values[key.name] else { continue }
            do {
                try settings.take(value, for: key)
            } catch {
                problems.append(error)
                undecided.insert(key.name)
            }
        }
        problems += settings.contradictions(undecided: undecided) + settings.certificateProblems(readFile)
        if let inherited {
            problems += settings.listenerProblems(inherited: inherited, undecided: undecided)
            settings.warnings += settings.listenerWarnings(inherited: inherited)
        }
        do throws(UnitFileError) {
            settings.rules = try RuleSet.load(
                folders: [RuleSet.packageFolder, settings.rulesDirectory], list: readFolder, read: readFile)
        } catch {
            problems += error.problems
        }
        settings.addRemarks()
        guard problems.isEmpty else { throw SettingsError(problems: problems, warnings: settings.warnings) }
        return settings
    }

    private mutating func take(_ value: GatheredSettings.Value, for key: SettingKey) throws(SettingError) {
        do {
            for remark in try key.read(value.text, &self) {
                warnings.append(.init(key: key.name, place: value.place, reason: remark))
            }
        } catch {
            let subject = key.isSecret ? "" : "\"\(error.subject ?? value.text)\" "
            let quotes = value.text.enclosingQuotes.map { "; \(Self.quotesCount($0))" } ?? ""
            throw SettingError(
                key: key.name, place: value.place, reason: subject + error.reason + quotes, accepted: key.accepted)
        }
        if let quotes = value.text.enclosingQuotes {
            warnings.append(.init(key: key.name, place: value.place, reason: Self.quotesCount(quotes)))
        }
        provenance[key.name] = Provenance(shown: key.isSecret ? shownSecret(key.name) : value.text, place: value.place)
    }

    /// `docker run --env-file` and `-e KEY='"value"'` keep quotes in the value.
    private static func quotesCount(_ quotes: Character) -> String {
        "the quotes (\(quotes)) around the value count as part of it; a file for docker run --env-file takes values without quotes"
    }

    private func shownSecret(_ name: String) -> String {
        switch name {
        case "NOTIFY_WEBHOOK": webhookURLs.map(\.description).joined(separator: ",")
        case "STORE": store?.description ?? ""
        default: "[redacted]"
        }
    }

    /// Errors that concern more than one key. Keys that are `undecided` have an error already and are not checked again.
    func contradictions(undecided: Set<String> = []) -> [SettingError] {
        var problems: [SettingError] = []
        if julesAPIKey == nil, !julesAPIBase.isLoopback,
            undecided.isDisjoint(with: ["JULES_API_KEY", "JULES_API_BASE"])
        {
            problems.append(
                SettingError(
                    key: "JULES_API_KEY", reason: "is required and not set",
                    accepted: SettingKey.named("JULES_API_KEY")?.accepted))
        }
        if webhookFormats.count > 1, webhookFormats.count != webhookURLs.count,
            undecided.isDisjoint(with: ["NOTIFY_FORMAT", "NOTIFY_WEBHOOK"])
        {
            problems.append(
                SettingError(
                    key: "NOTIFY_FORMAT", place: provenance["NOTIFY_FORMAT"]?.place,
                    reason: "lists \(webhookFormats.count) formats for \(webhookURLs.count) URLs in NOTIFY_WEBHOOK",
                    accepted: SettingKey.named("NOTIFY_FORMAT")?.accepted))
        }
        return problems
    }

    private func certificateProblems(_ readFile: FileRead) -> [SettingError] {
        guard let caFile else { return [] }
        let reason: String
        do throws(FileReadError) {
            guard let bytes = try readFile(caFile) else {
                return [certificateProblem("there is no file \(caFile)")]
            }
            if Certificates.count(inPEM: bytes) > 0 { return [] }
            reason = "\(caFile) has no certificate in it"
        } catch {
            reason = "\(caFile) cannot be read: \(error.reason)"
        }
        return [certificateProblem(reason)]
    }

    private func certificateProblem(_ reason: String) -> SettingError {
        SettingError(
            key: "CA_FILE", place: provenance["CA_FILE"]?.place, reason: reason,
            accepted: SettingKey.named("CA_FILE")?.accepted)
    }

    private mutating func addRemarks() {
        if let place = provenance["LOCAL_TOKEN_PREVIOUS"]?.place, localTokenPrevious == localToken {
            warnings.append(.init(key: "LOCAL_TOKEN_PREVIOUS", place: place, reason: "is the same as LOCAL_TOKEN"))
        }
    }
}

extension String {
    /// The quotation mark at both ends; `nil` if there is none.
    fileprivate var enclosingQuotes: Character? {
        guard count > 1, let first, first == last, first == "\"" || first == "'" else { return nil }
        return first
    }
}
