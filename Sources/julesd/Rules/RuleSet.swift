// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The rules in force, in the order in which they are checked.
struct RuleSet: Sendable, Equatable {
    var rules: [Rule] = []

    /// The first rule that matches. It decides, also if it is `Leave=yes`.
    ///
    /// - Parameter since: when a rule of that name came into force; `nil` for a new rule, which then matches nothing older
    ///   than `now`.
    func first(for event: RuleEvent, now: Timestamp, since: (String) -> Timestamp?) -> Rule? {
        rules.first { $0.match.matches(event, since: since($0.name) ?? now) }
    }
}

extension RuleSet {
    /// The folder of the package's rules.
    static let packageFolder = "/usr/lib/julesd/rules.d"

    /// Reads `*.rule` in both folders, in the order of the file names. A file in the later folder replaces one with the same
    /// name. An empty file, or a link to /dev/null, removes the name.
    ///
    /// - Parameters:
    ///   - folders: the package's folder first, the administrator's last. A folder that does not exist has no rules.
    ///   - list: lists a folder.
    ///   - read: reads a file.
    /// - Throws: `UnitFileError` with every error in every file.
    static func load(
        folders: [String], list: FolderRead, read: FileRead
    ) throws(UnitFileError) -> RuleSet {
        var files: [String: String] = [:]
        var problems: [SettingError] = []
        for folder in folders {
            do throws(FileReadError) {
                for name in try list(folder) ?? [] where name.hasSuffix(".rule") { files[name] = "\(folder)/\(name)" }
            } catch {
                problems.append(SettingError(key: folder, reason: "cannot be read: \(error.reason)"))
            }
        }
        let paths = files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
        return try load(files: paths, read: read, problems: problems)
    }

    /// Reads these files, in this order.
    ///
    /// - Parameter problems: errors found before.
    /// - Throws: `UnitFileError` with every error in every file.
    static func load(
        files: [String], read: FileRead, problems: [SettingError] = []
    ) throws(UnitFileError) -> RuleSet {
        var problems = problems
        var rules: [Rule] = []
        for path in files {
            do throws(UnitFileError) {
                if let rule = try Rule(name: name(of: path), file: path, text: try text(of: path, read)) {
                    rules.append(rule)
                }
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw UnitFileError(problems) }
        return RuleSet(rules: rules)
    }

    /// The file's name without its folder and `.rule`.
    private static func name(of path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".rule") ? String(name.dropLast(5)) : name
    }

    private static func text(of path: String, _ read: FileRead) throws(UnitFileError) -> String {
        let bytes: [UInt8]?
        do throws(FileReadError) { bytes = try read(path) } catch {
            throw UnitFileError([SettingError(key: path, reason: "cannot be read: \(error.reason)")])
        }
        guard let bytes else { throw UnitFileError([SettingError(key: path, reason: "is not there")]) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UnitFileError([SettingError(key: path, reason: "is not text in UTF-8")])
        }
        return text
    }
}
