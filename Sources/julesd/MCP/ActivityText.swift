// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The text of an activity for an agent.
struct ActivityText: Sendable {
    let activity: Activity
    private let json: JSON

    init?(wire body: [UInt8]) {
        guard let activity = Activity(wire: body) else { return nil }
        self.activity = activity
        json = (try? JSON(parsing: body)) ?? .null
    }

    /// Who did it: `agent`, `user`, `system`, …
    var from: String {
        CleanText(json["originator"]?.string ?? (activity.isAgents ? "agent" : "user"), limit: 40, lines: false).text
    }

    /// The full text of the activity. For files only names and sizes.
    var text: String {
        let parts = [
            json["agentMessaged"]?["agentMessage"], json["userMessaged"]?["userMessage"],
            json["progressUpdated"]?["title"], json["progressUpdated"]?["description"],
            json["sessionFailed"]?["reason"],
            json["description"],
        ].compactMap { $0?.string }.filter { !$0.isEmpty }
        let steps = (json["planGenerated"]?["plan"]?["steps"]?.array ?? []).enumerated().map { number, step in
            "\(number + 1). \(step["title"]?.string ?? "")\n\(step["description"]?.string ?? "")"
        }
        let artifacts = (json["artifacts"]?.array ?? []).map(Self.artifact)
        return CleanText((parts + steps + artifacts).joined(separator: "\n"), limit: .max).text
    }

    /// The members that lists and single reads share.
    var head: JSONObject {
        JSONObject([
            .init(name: "id", value: .string(CleanText(activity.id, limit: 200, lines: false).text)),
            .init(name: "at", value: .string(activity.createTime.rfc3339)), .init(name: "from", value: .string(from)),
            .init(name: "kind", value: .string(activity.kind.rawValue)),
        ])
    }

    /// The patch in the activity; `nil` if there is none.
    var patch: JSON? {
        (json["artifacts"]?.array ?? []).compactMap { $0["changeSet"]?["gitPatch"] }
            .last { $0["unidiffPatch"]?.string?.isEmpty == false }
    }

    private static func artifact(_ json: JSON) -> String {
        if let media = json["media"] {
            return
                "[\(media["mimeType"]?.string ?? "media"), \((media["data"]?.string?.utf8.count ?? 0) / 4 * 3) bytes]"
        }
        if let shell = json["bashOutput"] {
            return
                "$ \(shell["command"]?.string ?? "")\n\(shell["output"]?.string ?? "")[exit \(shell["exitCode"]?.int ?? 0)]"
        }
        return "[changes: see get_changes]"
    }
}
