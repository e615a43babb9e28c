// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension ToolCalls {
    /// The newest patch of a session, as the API's `gitPatch`; `nil` if there is none.
    func patch(of session: Session) async throws -> JSON? {
        let outputs = (try? JSON(parsing: session.body))?["outputs"]?.array ?? []
        let final = outputs.compactMap { $0["changeSet"]?["gitPatch"] }
            .last { $0["unidiffPatch"]?.string?.isEmpty == false }
        if let final, session.state.isFinished { return final }
        var query = ActivityQuery(session: session.id, newestFirst: true, limit: 100)
        while let page = try await store.activities(query) {
            if let patch = page.bodies.lazy.compactMap({ ActivityText(wire: $0)?.patch }).first { return patch }
            guard let next = page.next else { break }
            query.after = next
        }
        return final
    }

    private func patch(_ arguments: ToolArguments) async throws -> (session: Session, patch: JSON, text: String) {
        let id = try arguments.requiredSession
        let session = try await actions.lookup.existing(id)
        try await actions.lookup.refreshActivities(of: session)
        guard let patch = try await patch(of: session), let text = patch["unidiffPatch"]?.string else {
            throw ToolError("Session \(id) has no changes yet.")
        }
        return (session, patch, text)
    }

    func getChanges(_ arguments: ToolArguments) async throws -> JSONObject {
        let (session, wire, text) = try await patch(arguments)
        let files = Patch(text).files
        var list = BoundedList()
        for file in files.prefix(200) {
            let isAdded = list.add([
                "path": .string(CleanText(file.path, limit: 500, lines: false).text), "status": .string(file.status),
                "added": JSON(file.added), "removed": JSON(file.removed),
            ])
            guard isAdded else { break }
        }
        var isCut = list.items.count < files.count
        var answer = JSONObject([.init(name: "base_commit", value: baseCommit(wire))])
        let pullRequest = (try? JSON(parsing: session.body)).flatMap(Session.pullRequestURL)
        answer["pr_url"] = pullRequest.map { .string(CleanText($0, limit: 300, lines: false).text) }
        if let message = wire["suggestedCommitMessage"]?.string {
            let message = CleanText(message, limit: 2000)
            answer["commit_message"] = .string(message.text)
            isCut = isCut || message.isCut
        }
        answer["files"] = .array(list.items)
        answer["truncated"] = .bool(isCut)
        return answer
    }

    func getDiff(_ arguments: ToolArguments) async throws -> Answer {
        let (_, wire, text) = try await patch(arguments)
        var patch = Patch(text)
        if let path = arguments.text("path") {
            patch = patch.only(path)
            guard !patch.files.isEmpty else { throw ToolError("The patch has no file of that path: see get_changes.") }
        }
        let digest = sha256(text.utf8).prefix(4).map { String($0, radix: 16) }.joined()
        let place =
            try arguments.text("cursor").map { cursor throws(ToolError) in try Self.place(cursor, digest) }
            ?? Patch.Place()
        let (part, next) = patch.part(from: place, limit: arguments.number("max_chars") ?? BoundedList.room)
        var data = JSONObject([
            .init(name: "base_commit", value: baseCommit(wire)), .init(name: "part", value: .string(part)),
        ])
        data["next_cursor"] = next.map { .string("\($0.piece).\($0.offset).\(digest)") }
        data["total_chars"] = JSON(patch.characters)
        data["cut_in_hunk"] = .bool(place.offset > 0 || (next?.offset ?? 0) > 0)
        return Answer(data: data, plain: "part")
    }

    private static func place(_ cursor: String, _ digest: String) throws(ToolError) -> Patch.Place {
        let parts = cursor.split(separator: ".")
        guard parts.count == 3, let piece = Int(parts[0]), let offset = Int(parts[1]), piece >= 0, offset >= 0 else {
            throw ToolError("cursor must be the next_cursor of an earlier answer.")
        }
        guard parts[2] == digest else { throw ToolError("The patch has changed: read it again without cursor.") }
        return Patch.Place(piece: piece, offset: offset)
    }

    private func baseCommit(_ wire: JSON) -> JSON {
        .string(CleanText(wire["baseCommitId"]?.string ?? "", limit: 100, lines: false).text)
    }

    func listRepositories(_ arguments: ToolArguments) async throws -> JSONObject {
        let wanted = arguments.text("query")?.lowercased()
        var start = 0
        if let cursor = arguments.text("cursor") {
            guard let number = Int(cursor), number >= 0 else {
                throw ToolError("cursor must be the next_cursor of an earlier answer.")
            }
            start = number
        }
        let sources = try await actions.sources().compactMap { try? JSON(parsing: $0) }
        let rows = sources.compactMap { Self.repository($0) }.filter { row in
            wanted.map { row["repo"]?.string?.lowercased().contains($0) ?? false } ?? true
        }
        var list = BoundedList()
        for row in rows.dropFirst(start).prefix(arguments.number("limit") ?? 50) {
            guard list.add(row) else { break }
        }
        var answer = JSONObject([.init(name: "repositories", value: .array(list.items))])
        let end = start + list.items.count
        if end < rows.count, !list.items.isEmpty { answer["next_cursor"] = .string(String(end)) }
        return answer
    }

    private static func repository(_ source: JSON) -> JSON? {
        let git = source["githubRepo"]
        var name = Session.repository(source: source["name"]?.string ?? "")
        if let owner = git?["owner"]?.string, let repo = git?["repo"]?.string { name = "\(owner)/\(repo)" }
        guard !name.isEmpty else { return nil }
        var row = JSONObject([.init(name: "repo", value: .string(CleanText(name, limit: 260, lines: false).text))])
        let branch = git?["defaultBranch"]?["displayName"]?.string ?? ""
        row["default_branch"] = .string(CleanText(branch, limit: 250, lines: false).text)
        row["private"] = git?["isPrivate"]?.bool.map(JSON.bool)
        return .object(row)
    }
}
