// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The parts of a session's JSON that are shown to people.
struct SessionText {
    let json: JSON

    var id: String { json["id"]?.string ?? "" }
    var state: String { json["state"]?.string ?? "STATE_UNSPECIFIED" }
    var created: String? { json["createTime"]?.string }
    var isArchived: Bool { json["archived"]?.bool ?? false }

    /// The first line of the title, or of the prompt if there is no title.
    var title: String {
        let title = firstLine(json["title"]?.string ?? "")
        return title.isEmpty ? firstLine(json["prompt"]?.string ?? "") : title
    }

    /// `owner/name`; `-` if the session has no repository.
    var repository: String {
        let name = json["sourceContext"].map { julesctl.repository(ofSource: $0) } ?? ""
        return name.isEmpty ? "-" : name
    }

    var branch: String? { json["sourceContext"]?["githubRepoContext"]?["startingBranch"]?.string.map { safeText($0) } }

    var pullRequests: [String] {
        (json["outputs"]?.array ?? []).compactMap { $0["pullRequest"]?["url"]?.string }.map { safeText($0) }
    }

    /// The patch of the newest change set in the outputs.
    var patch: String? {
        (json["outputs"]?.array ?? []).last { $0["changeSet"] != nil }?["changeSet"]?["gitPatch"]?["unidiffPatch"]?
            .string
    }
}

/// `owner/name` of a source or of a session's source context; empty if there is none.
func repository(ofSource json: JSON) -> String {
    if let github = json["githubRepo"], let owner = github["owner"]?.string, let repo = github["repo"]?.string {
        return safeText("\(owner)/\(repo)")
    }
    let name = json["source"]?.string ?? json["name"]?.string ?? ""
    return safeText(name.hasPrefix("sources/github/") ? String(name.dropFirst(15)) : name)
}
