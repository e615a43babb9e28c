// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The rules in force, in the order in which they are asked.
struct RuleSet: Sendable, Equatable {
    var rules: [Rule] = []

    /// The first rule that matches; it decides, also if it is `Leave=yes`.
    ///
    /// - Parameter since: when a rule of that name came into force; `nil` if it is new, so that it sees nothing older than `now`.
    func first(for event: RuleEvent, now: Timestamp, since: (String) -> Timestamp?) -> Rule? {
        rules.first { $0.match.matches(event, since: since($0.name) ?? now) }
    }
}

extension RuleSet {
    /// Reads `*.rule` in both folders, in the order of the file names; a file in the later folder takes the place of one with the same
    /// name, and an empty one, or a link to /dev/null, leaves the name out.
    ///
    /// - Parameters:
    ///   - folders: the package's first, the administrator's last. One that does not exist has no rules.
    ///   - list: the names in a folder.
    ///   - read: a file's bytes.
    /// - Throws: `SettingProblems` with every fault in every file.
    static func load(
        folders: [String], list: (String) throws -> [String], read: (String) throws -> [UInt8]
    ) throws(SettingProblems) -> RuleSet {
        var files: [String: String] = [:]
        var problems: [SettingProblem] = []
        for folder in folders {
            do {
                for name in try list(folder) where name.hasSuffix(".rule") { files[name] = "\(folder)/\(name)" }
            } catch {
                problems.append(SettingProblem(key: folder, reason: "cannot be read: \(error)"))
            }
        }
        var rules: [Rule] = []
        for (name, path) in files.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            do {
                guard let text = String(validating: try read(path), as: UTF8.self) else {
                    problems.append(SettingProblem(key: path, reason: "is not text in UTF-8"))
                    continue
                }
                if let rule = try Rule(name: String(name.dropLast(5)), file: path, text: text) { rules.append(rule) }
            } catch let faults as SettingProblems {
                problems += faults.problems
            } catch {
                problems.append(SettingProblem(key: path, reason: "cannot be read: \(error)"))
            }
        }
        guard problems.isEmpty else { throw SettingProblems(problems) }
        return RuleSet(rules: rules)
    }
}
