// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A session in a list.
struct SessionRow: Sendable {
    let session: Session
    /// Why it waits for a person; `finished` if it has just ended successfully.
    var why: String?
    var since: Timestamp?

    init(_ session: Session, _ entry: InboxEntry?) {
        self.session = session
        why = entry?.reason.rawValue
        since = entry?.since
    }

    var title: String {
        let title = CleanText(session.title, limit: 120, lines: false).text
        return title.isEmpty ? CleanText(session.prompt, limit: 120, lines: false).text : title
    }

    var object: JSONObject {
        let wire = (try? JSON(parsing: session.body)) ?? .null
        var row = JSONObject([
            .init(name: "id", value: .string(session.id)), .init(name: "title", value: .string(title)),
            .init(name: "state", value: .string(CleanText(session.state.name, limit: 60, lines: false).text)),
            .init(name: "repo", value: .string(CleanText(session.repository, limit: 260, lines: false).text)),
        ])
        let branch = wire["sourceContext"]?["githubRepoContext"]?["startingBranch"]?.string
        row["branch"] = branch.map { .string(CleanText($0, limit: 250, lines: false).text) }
        row["why"] = why.map(JSON.string)
        row["since"] = since.map { .string($0.rfc3339) }
        row["updated_at"] = .string((session.updateTime ?? session.createTime).rfc3339)
        let url = wire["url"]?.string ?? "https://jules.google.com/session/\(session.id)"
        row["url"] = .string(CleanText(url, limit: 300, lines: false).text)
        let pullRequest = Session.pullRequestURL(wire)
        row["pr_url"] = pullRequest.map { .string(CleanText($0, limit: 300, lines: false).text) }
        return row
    }
}

extension InboxItem {
    /// The row with what the person needs to decide; `nil` if the session cannot be read.
    var attentionRow: JSONObject? {
        guard let session = Session(wire: session) else { return nil }
        var row = SessionRow(session, entry).object
        if let plan {
            let steps = plan.steps.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n")
            row["summary"] = .string(CleanText(steps, limit: 400).text)
            row["plan_id"] = .string(CleanText(plan.id, limit: 128, lines: false).text)
        }
        if let question { row["summary"] = .string(CleanText(question, limit: 400).text) }
        return row
    }
}
