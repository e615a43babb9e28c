// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The parts of an activity's JSON that are shown to people.
struct ActivityText {
    let json: JSON

    var id: String { json["id"]?.string ?? json["name"]?.string?.split(separator: "/").last.map(String.init) ?? "" }
    var time: String { json["createTime"]?.string ?? "" }

    /// The kind in one or two words.
    var kind: String {
        switch json.object?.members.lazy.map(\.name).first(where: Self.kinds.keys.contains) {
        case let name?: Self.kinds[name] ?? name
        case nil: "note"
        }
    }

    private static let kinds = [
        "agentMessaged": "agent", "userMessaged": "you", "planGenerated": "plan", "planApproved": "approved",
        "progressUpdated": "progress", "sessionCompleted": "completed", "sessionFailed": "failed",
    ]

    /// The full text; it may have several lines.
    var text: String {
        let parts: [String?] = [
            json["agentMessaged"]?["agentMessage"]?.string, json["userMessaged"]?["userMessage"]?.string,
            json["progressUpdated"]?["title"]?.string, json["progressUpdated"]?["description"]?.string,
            json["sessionFailed"]?["reason"]?.string, json["description"]?.string,
        ]
        let steps = (json["planGenerated"]?["plan"]?["steps"]?.array ?? []).enumerated().map { number, step in
            "\(number + 1). \(step["title"]?.string ?? "")"
        }
        let artifacts = (json["artifacts"]?.array ?? []).map(artifact)
        return safeText(
            (parts.compactMap(\.self).filter { !$0.isEmpty } + steps + artifacts).joined(separator: "\n"),
            keepingLines: true)
    }

    private func artifact(_ json: JSON) -> String {
        if let media = json["media"] { return "[\(media["mimeType"]?.string ?? "media")]" }
        if let shell = json["bashOutput"] {
            return "$ \(shell["command"]?.string ?? "") [exit \(shell["exitCode"]?.int ?? 0)]"
        }
        let patch = json["changeSet"]?["gitPatch"]?["unidiffPatch"]?.string
        return patch.map { "[changes: \(changedFiles(in: $0)) files]" } ?? "[changes]"
    }

    /// The plan in the activity.
    var plan: PlanText? { json["planGenerated"]?["plan"].map(PlanText.init) }

    /// The patch in the activity.
    var patch: String? {
        (json["artifacts"]?.array ?? []).compactMap { $0["changeSet"]?["gitPatch"]?["unidiffPatch"]?.string }.last
    }
}

private func changedFiles(in patch: String) -> Int {
    patch.split(separator: "\n").count { $0.hasPrefix("diff --git ") }
}

/// The parts of a plan's JSON that are shown to people.
struct PlanText {
    let json: JSON

    var id: String { json["id"]?.string ?? "" }

    /// The steps with their numbers, each followed by its indented description.
    var lines: [String] {
        (json["steps"]?.array ?? []).enumerated().flatMap { number, step -> [String] in
            let description = safeText(step["description"]?.string ?? "", keepingLines: true).split(separator: "\n")
            return ["  \(number + 1). \(safeText(step["title"]?.string ?? ""))"] + description.map { "     \($0)" }
        }
    }
}
