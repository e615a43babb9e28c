// SPDX-License-Identifier: Apache-2.0

/// All sources that can set a key, strongest first: command line, environment, credentials, file.
///
/// In every source except the credentials, `KEY_FILE` may give the path of a file that holds the value of `KEY`. An
/// empty value counts as not set.
public struct SettingSources: Sendable {
    /// One `KEY=VALUE` from the command line.
    public struct Override: Sendable, Equatable {
        /// The key.
        public var key: String
        /// The value.
        public var value: String

        /// An override.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// What the command line sets. If a key is repeated, the last one counts.
    public var commandLine: [Override]
    /// The environment. Unknown keys in it are ignored.
    public var environment: [String: String]
    /// The service manager's credentials directory (systemd.exec(5), CREDENTIALS_DIRECTORY).
    public var credentialsDirectory: String?
    /// A directory with credentials that only the service manager can open. A key found there counts as set, to an
    /// unknown value.
    public var sealedDirectory: String?
    /// The path of the settings file.
    public var filePath: String
    /// Whether a missing settings file is an error.
    public var fileIsRequired: Bool
    /// Reads a file.
    public var readFile: FileRead

    /// Sources.
    public init(
        commandLine: [Override] = [], environment: [String: String] = [:], credentialsDirectory: String? = nil,
        sealedDirectory: String? = nil, filePath: String, fileIsRequired: Bool = false, readFile: @escaping FileRead
    ) {
        self.commandLine = commandLine
        self.environment = environment
        self.credentialsDirectory = credentialsDirectory
        self.sealedDirectory = sealedDirectory
        self.filePath = filePath
        self.fileIsRequired = fileIsRequired
        self.readFile = readFile
    }

    /// Looks up all of `keys`.
    ///
    /// - Parameters:
    ///  - keys: The known keys. Any other key in the file or on the command line is a problem.
    ///   - ignored: Keys that the file may contain without effect.
    ///   - lowerCase: Those of `keys` that may be in lower case in the environment.
    public func gather(keys: [String], ignored: Set<String> = [], lowerCase: Set<String> = []) -> GatheredSettings {
        var gathered = GatheredSettings()
        let known = Set(keys)
        let isKnown = { (key: String) in
            known.contains(key) || key.hasSuffix("_FILE") && known.contains(String(key.dropLast(5)))
        }

        var typed: [String: GatheredSettings.Value] = [:]
        for override in commandLine {
            typed[override.key] = GatheredSettings.Value(text: override.value, place: .commandLine)
            guard !isKnown(override.key) else { continue }
            gathered.problems.append(unknown(override.key, at: .commandLine, among: keys))
        }

        var inherited = environment.filter { isKnown($0.key) }.mapValues {
            GatheredSettings.Value(text: $0, place: .environment)
        }
        for key in lowerCase where inherited[key]?.text.isEmpty ?? true {
            inherited[key] = environment[key.lowercased()].map { GatheredSettings.Value(text: $0, place: .environment) }
        }

        var written: [String: GatheredSettings.Value] = [:]
        let file = readSettingsFile(&gathered)
        for assignment in file.assignments where !ignored.contains(assignment.key) {
            let place = SettingPlace.file(path: filePath, line: assignment.line)
            guard isKnown(assignment.key) else {
                gathered.problems.append(unknown(assignment.key, at: place, among: keys))
                continue
            }
            if let earlier = written[assignment.key] {
                gathered.warnings.append(
                    .init(key: assignment.key, place: place, reason: "replaces the value at \(earlier.place)"))
            }
            written[assignment.key] = GatheredSettings.Value(text: assignment.value, place: place)
        }

        for key in keys {
            do {
                var value = try find(key, in: typed, &gathered)
                if value == nil { value = try find(key, in: inherited, &gathered) }
                if value == nil { value = try credential(key) }
                if value == nil, try isSealed(key) {
                    gathered.undecided.insert(key)
                    continue
                }
                if value == nil { value = try find(key, in: written, &gathered) }
                gathered.values[key] = value
            } catch {
                gathered.problems.append(error)
                gathered.undecided.insert(key)
            }
        }
        return gathered
    }

    private func unknown(_ key: String, at place: SettingPlace, among keys: [String]) -> SettingError {
        // A key that differs only in case has distance 0.
        SettingError(key: key, place: place, reason: "there is no such key", nearest: key.nearest(among: keys))
    }

    private func readSettingsFile(_ gathered: inout GatheredSettings) -> EnvironmentFile {
        do {
            if let bytes = try readFile(filePath) {
                let file = EnvironmentFile(bytes)
                gathered.problems += file.faults.map { fault in
                    SettingError(place: .file(path: filePath, line: fault.line), reason: fault.reason)
                }
                return file
            }
            if fileIsRequired { gathered.problems.append(.init(reason: "\(filePath): there is no such file")) }
        } catch {
            gathered.problems.append(.init(reason: "\(filePath) cannot be read: \(error.reason)"))
        }
        return EnvironmentFile([])
    }

    /// The value of `key` in one source, set directly or through a file.
    private func find(
        _ key: String, in rank: [String: GatheredSettings.Value], _ gathered: inout GatheredSettings
    ) throws(SettingError) -> GatheredSettings.Value? {
        let variable = "\(key)_FILE"
        let plain = rank[key].flatMap { $0.text.isEmpty ? nil : $0 }
        guard let named = rank[variable], !named.text.isEmpty else { return plain }
        guard plain == nil else {
            throw SettingError(key: key, place: named.place, reason: "\(key) and \(variable) are both set; keep one")
        }
        let place = SettingPlace.namedFile(path: named.text, variable: variable)
        guard let text = try contents(of: named.text, for: key, at: place) else {
            throw SettingError(key: key, place: place, reason: "there is no such file")
        }
        guard !text.isEmpty else {
            gathered.warnings.append(.init(key: key, place: place, reason: "the file is empty and counts as not set"))
            return nil
        }
        return GatheredSettings.Value(text: text, place: place)
    }

    private func credential(_ key: String) throws(SettingError) -> GatheredSettings.Value? {
        guard let credentialsDirectory, !credentialsDirectory.isEmpty else { return nil }
        var found: [GatheredSettings.Value] = []
        for prefix in ["", "plain_", "sealed_"] {
            let name = prefix + key.lowercased()
            let place = SettingPlace.credential(name: name)
            guard let text = try contents(of: "\(credentialsDirectory)/\(name)", for: key, at: place) else { continue }
            found.append(GatheredSettings.Value(text: text, place: place))
        }
        guard found.count < 2 else {
            throw SettingError(key: key, place: found[0].place, reason: "there is also \(found[1].place); keep one")
        }
        return found.first.flatMap { $0.text.isEmpty ? nil : $0 }
    }

    private func isSealed(_ key: String) throws(SettingError) -> Bool {
        guard let sealedDirectory else { return false }
        let name = key.lowercased()
        do {
            return try readFile("\(sealedDirectory)/\(name)") != nil
        } catch {
            throw SettingError(
                key: key, place: .credential(name: name), reason: "the file cannot be read: \(error.reason)")
        }
    }

    /// The file's text without line ends at its end; `nil` if there is no such file.
    private func contents(
        of path: String, for key: String, at place: SettingPlace
    ) throws(SettingError) -> String? {
        let bytes: [UInt8]?
        do {
            bytes = try readFile(path)
        } catch {
            throw SettingError(key: key, place: place, reason: "the file cannot be read: \(error.reason)")
        }
        guard var bytes = bytes?.withoutByteOrderMark else { return nil }
        while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingError(key: key, place: place, reason: "the file is not UTF-8 text")
        }
        return text
    }
}
