// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Rule {
    /// The longest `After=` and the largest counts that make sense.
    private static let longestDelay = Duration.seconds(30 * 86_400)
    private static let largestCount = 10_000

    /// The rule in a file; `nil` if the file is empty, which masks the rule of that name.
    ///
    /// - Throws: `UnitFileError` with every error in the file, each with file and line.
    init?(name: String, file: String, text: String) throws(UnitFileError) {
        let entries = try UnitFile(text, path: file).entries
        guard !entries.isEmpty else { return nil }
        var reader = RuleReader(file: file)
        for entry in entries { reader.take(entry) }
        let draft = reader.finish(line: entries[entries.count - 1].line)
        guard reader.problems.isEmpty, let action = draft.action else { throw UnitFileError(reader.problems) }
        self.init(name: name, file: file, maxPerSession: draft.maxPerSession ?? action.standardMaxPerSession)
        match = draft.match
        self.action = action
        delay = draft.delay
        maxPerHour = draft.maxPerHour
        isDryRun = draft.isDryRun
    }

    /// The parts of a rule that have been read so far.
    fileprivate struct Draft {
        var match = RuleMatch()
        var action: RuleAction?
        var delay = Duration.zero
        var maxPerSession: Int?
        var maxPerHour = 20
        var isDryRun = false
    }

    /// Reads the assignments of a file one after the other and collects every error.
    fileprivate struct RuleReader {
        let file: String
        var draft = Draft()
        var problems: [SettingError] = []
        private var actionLine = 0

        init(file: String) { self.file = file }

        private static let sections = [
            "Match": ["On", "Repository", "Branch", "Title", "Prompt", "Text", "MaxSteps", "Existing"],
            "Action": [
                "Approve", "Reply", "Retry", "Archive", "Acknowledge", "Leave", "After", "MaxPerSession", "MaxPerHour",
                "DryRun",
            ],
        ]

        mutating func take(_ entry: UnitFile.Entry) {
            guard let keys = Self.sections[entry.section] else {
                return refuse(
                    entry, key: "[\(entry.section)]", "there is no such section", accepted: "[Match] or [Action]",
                    nearest: entry.section.nearest(among: ["Match", "Action"]).map { "[\($0)]" })
            }
            guard keys.contains(entry.key) else {
                let other = Self.sections.first { $0.key != entry.section && $0.value.contains(entry.key) }?.key
                return refuse(
                    entry,
                    "there is no such key in [\(entry.section)]" + (other.map { "; it belongs to [\($0)]" } ?? ""),
                    nearest: other == nil ? entry.key.nearest(among: keys).map { "\($0)=" } : nil)
            }
            entry.section == "Match" ? takeMatch(entry) : takeAction(entry)
        }

        /// Checks the rule as a whole.
        mutating func finish(line: Int) -> Draft {
            if draft.match.kinds.isEmpty, !isAtFault(["On="]) {
                refuse(line, key: "On=", "is missing in [Match]", accepted: Self.kinds)
            }
            guard let action = draft.action else {
                if !isAtFault(["Approve=", "Reply=", "Retry=", "Archive=", "Acknowledge=", "Leave="]) {
                    refuse(
                        line, key: "[Action]", "has no action",
                        accepted: "one of Approve=yes, Reply=TEXT, Retry=yes, Archive=yes, Acknowledge=yes, Leave=yes")
                }
                return draft
            }
            let unfit = draft.match.kinds.filter { !action.fits($0) }.map(\.rawValue).sorted()
            if !unfit.isEmpty {
                refuse(
                    actionLine, key: action.key, "does not fit On=\(unfit.joined(separator: " "))",
                    accepted: "On= with "
                        + RuleEvent.Kind.allCases.filter(action.fits).map(\.rawValue).joined(separator: ", "))
            }
            return draft
        }

        /// Whether a fault in one of these keys has been found, so that it is not missing as well.
        private func isAtFault(_ keys: Set<String?>) -> Bool { problems.contains { keys.contains($0.key) } }

        private mutating func takeMatch(_ entry: UnitFile.Entry) {
            switch entry.key {
            case "On":
                guard !entry.value.isEmpty else { return draft.match.kinds = [] }
                for word in quotedWords(entry.value) ?? [entry.value] {
                    if let kind = RuleEvent.Kind(rawValue: word) {
                        draft.match.kinds.insert(kind)
                    } else {
                        refuse(
                            entry, "\"\(word)\" is nothing that happens", accepted: Self.kinds,
                            nearest: word.nearest(among: RuleEvent.Kind.allCases.map(\.rawValue)))
                    }
                }
            case "Repository": takeGlobs(entry, \.repository)
            case "Branch": takeGlobs(entry, \.branch)
            case "Title": takeGlobs(entry, \.title)
            case "Prompt": takeGlobs(entry, \.prompt)
            case "Text": takeGlobs(entry, \.text)
            case "MaxSteps": if let count = takeCount(entry, from: 1) { draft.match.maxSteps = count }
            default: if let flag = takeFlag(entry) { draft.match.includesExisting = flag }
            }
        }

        private mutating func takeAction(_ entry: UnitFile.Entry) {
            switch entry.key {
            case "After":
                guard let delay = Duration(parsing: entry.value), delay <= longestDelay else {
                    return refuse(
                        entry, "\"\(entry.value)\" is no such time",
                        accepted: "a duration such as 30s, 2min, 1h, 7d, at most 30d")
                }
                draft.delay = delay
            case "MaxPerSession": if let count = takeCount(entry, from: 1) { draft.maxPerSession = count }
            case "MaxPerHour": if let count = takeCount(entry, from: 1) { draft.maxPerHour = count }
            case "DryRun": if let flag = takeFlag(entry) { draft.isDryRun = flag }
            case "Reply":
                guard !entry.value.isEmpty else { return refuse(entry, "is empty", accepted: "the text to send") }
                if let unknown = RuleText.unknownSpecifier(in: entry.value) {
                    return refuse(
                        entry, "\"\(unknown)\" stands for nothing",
                        accepted: "%i, %t, %r, %q, and %% for a percent sign")
                }
                set(.reply(RuleText(template: entry.value)), entry)
            default:
                let actions: [String: RuleAction] = [
                    "Approve": .approve, "Retry": .retry, "Archive": .archive, "Acknowledge": .acknowledge,
                    "Leave": .leave,
                ]
                if takeFlag(entry) == true, let action = actions[entry.key] { set(action, entry) }
            }
        }

        private mutating func set(_ action: RuleAction, _ entry: UnitFile.Entry) {
            if let first = draft.action, first != action {
                return refuse(entry, "is a second action beside \(first.key)", accepted: "exactly one action in a rule")
            }
            draft.action = action
            actionLine = entry.line
        }

        private mutating func takeGlobs(_ entry: UnitFile.Entry, _ list: WritableKeyPath<RuleMatch, GlobList>) {
            // An empty assignment clears the earlier ones, as in unit files.
            if entry.value.isEmpty { return draft.match[keyPath: list] = GlobList() }
            guard draft.match[keyPath: list].append(entry.value) else {
                return refuse(
                    entry, "\"\(entry.value)\" is no list of patterns",
                    accepted: "patterns with *, ? and […] parted by spaces; quotes keep one together, ! excludes")
            }
        }

        private mutating func takeCount(_ entry: UnitFile.Entry, from least: Int) -> Int? {
            guard let count = Int(entry.value), (least...largestCount).contains(count) else {
                refuse(
                    entry, "\"\(entry.value)\" is no such number",
                    accepted: "a whole number from \(least) to \(largestCount)")
                return nil
            }
            return count
        }

        private mutating func takeFlag(_ entry: UnitFile.Entry) -> Bool? {
            switch entry.value.lowercased() {
            case "yes", "true", "on", "1": return true
            case "no", "false", "off", "0": return false
            default:
                refuse(entry, "\"\(entry.value)\" is neither yes nor no", accepted: "yes or no")
                return nil
            }
        }

        private static let kinds = RuleEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")

        private mutating func refuse(
            _ entry: UnitFile.Entry, key: String? = nil, _ reason: String, accepted: String? = nil,
            nearest: String? = nil
        ) {
            refuse(entry.line, key: key ?? "\(entry.key)=", reason, accepted: accepted, nearest: nearest)
        }

        private mutating func refuse(
            _ line: Int, key: String, _ reason: String, accepted: String? = nil, nearest: String? = nil
        ) {
            problems.append(
                SettingError(
                    key: key, place: .file(path: file, line: line), reason: reason, accepted: accepted, nearest: nearest
                ))
        }
    }
}

extension RuleAction {
    /// The key of the action in a file.
    fileprivate var key: String { name.prefix(1).uppercased() + name.dropFirst() + "=" }

    /// Whether the action makes sense after an event of this kind.
    fileprivate func fits(_ kind: RuleEvent.Kind) -> Bool {
        switch self {
        case .approve: kind == .plan
        // A session that has just been created accepts no message yet.
        case .reply: kind != .created
        case .retry: kind == .failed || kind == .expired
        case .acknowledge: kind != .created && kind != .completed
        case .archive, .leave: true
        }
    }
}
