// SPDX-License-Identifier: Apache-2.0

package import DaemonSupport

/// The system parameter `fields`: `a,b/c,d(e,f/g)` selects those members. A list is filtered element by element.
package struct FieldMask: Equatable, Sendable {
    /// The selected names, each with the selection below it. Empty means everything.
    private(set) var members: [String: FieldMask] = [:]

    package init() {}

    /// Whether everything is selected.
    package var isEmpty: Bool { members.isEmpty }

    package init(_ text: String) throws(APIError) {
        var rest = text.filter { $0 != " " }[...]
        guard let mask = Self.parse(&rest), rest.isEmpty, !mask.members.isEmpty else { throw Self.malformed(text) }
        guard mask.unknownName == nil else { throw Self.malformed(mask.unknownName ?? text) }
        self = mask
    }

    /// The parts of `value` that the mask selects.
    package func applied(to value: JSON) -> JSON {
        guard !members.isEmpty, members["*"]?.members.isEmpty != true else { return value }
        switch value {
        case .array(let elements): return .array(elements.map(applied))
        case .object(let object):
            return .object(
                JSONObject(
                    object.members.compactMap { member in
                        (members[member.name] ?? members["*"]).map {
                            .init(name: member.name, value: $0.applied(to: member.value))
                        }
                    }))
        default: return value
        }
    }

    private static func parse(_ rest: inout Substring) -> FieldMask? {
        var mask = FieldMask()
        while let (name, below) = parseSelection(&rest) {
            mask.merge(name, below)
            guard rest.hasPrefix(",") else { return mask }
            rest.removeFirst()
        }
        return nil
    }

    // A path applies to one name only: `a/b,c` means `a(b),c`.
    private static func parseSelection(_ rest: inout Substring) -> (String, FieldMask)? {
        let name = rest.prefix { $0.isLetter || $0 == "*" }
        guard !name.isEmpty else { return nil }
        rest.removeFirst(name.count)
        var below = FieldMask()
        if rest.hasPrefix("/") {
            rest.removeFirst()
            guard let (child, mask) = parseSelection(&rest) else { return nil }
            below.members[child] = mask
        } else if rest.hasPrefix("(") {
            rest.removeFirst()
            guard let inner = parse(&rest), rest.hasPrefix(")") else { return nil }
            rest.removeFirst()
            below = inner
        }
        return (String(name), below)
    }

    private mutating func merge(_ name: String, _ other: FieldMask) {
        guard var known = members[name] else { return members[name] = other }
        // `a,a/b` selects all of a.
        guard !known.members.isEmpty, !other.members.isEmpty else { return members[name] = FieldMask() }
        for (name, mask) in other.members { known.merge(name, mask) }
        members[name] = known
    }

    private var unknownName: String? {
        for (name, mask) in members {
            if !Self.names.contains(name) { return name }
            if let unknown = mask.unknownName { return unknown }
        }
        return nil
    }

    private static func malformed(_ text: String) -> APIError {
        .invalid("fields", "Invalid field selection \(text)")
    }

    private static let names: Set<String> = [
        "*", "sessions", "activities", "sources", "nextPageToken", "name", "id", "prompt", "title", "sourceContext",
        "source", "githubRepoContext", "startingBranch", "workingBranch", "environmentVariablesEnabled",
        "requirePlanApproval", "automationMode", "state", "url", "outputs", "pullRequest", "changeSet", "gitPatch",
        "unidiffPatch", "baseCommitId", "suggestedCommitMessage", "description", "baseRef", "headRef", "archived",
        "createTime", "updateTime", "originator", "artifacts", "media", "data", "mimeType", "bashOutput", "command",
        "output", "exitCode", "agentMessaged", "agentMessage", "userMessaged", "userMessage", "planGenerated", "plan",
        "steps", "index", "planApproved", "planId", "progressUpdated", "sessionCompleted", "sessionFailed", "reason",
        "githubRepo", "owner", "repo", "isPrivate", "defaultBranch", "branches", "displayName",
    ]
}
