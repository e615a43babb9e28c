// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Session {
    /// The session in the API's JSON object; `nil` if it has no id, or one that no session can have.
    ///
    /// Only an id is required: the API leaves out default values, and v1alpha may change anything at any time.
    init?(wire body: [UInt8]) {
        guard let object = (try? JSON(parsing: body))?.object, let id = wireID(object), ResourceID.isSession(id)
        else { return nil }
        self.init(
            id: id,
            state: SessionState(object["state"]?.string ?? "STATE_UNSPECIFIED"),
            createTime: object["createTime"]?.string.flatMap(Timestamp.init(rfc3339:)) ?? Timestamp(nanoseconds: 0),
            updateTime: object["updateTime"]?.string.flatMap(Timestamp.init(rfc3339:)),
            title: object["title"]?.string ?? "",
            prompt: object["prompt"]?.string ?? "",
            repository: Self.repository(source: object["sourceContext"]?["source"]?.string ?? ""),
            branch: object["sourceContext"]?["githubRepoContext"]?["startingBranch"]?.string ?? "",
            archived: object["archived"]?.bool ?? false,
            hasOutputs: object["outputs"]?.array?.isEmpty == false,
            hasPullRequest: Self.pullRequestURL(.object(object)) != nil,
            body: body)
    }

    /// The address of the first pull request in a session's JSON.
    static func pullRequestURL(_ session: JSON) -> String? {
        (session["outputs"]?.array ?? []).lazy.compactMap { $0["pullRequest"]?["url"]?.string }.first
    }

    /// `owner/name` from a source's resource name, `sources/github/owner/name`; empty for any other name.
    static func repository(source: String) -> String {
        let prefix = "sources/github/"
        return source.hasPrefix(prefix) ? String(source.dropFirst(prefix.count)) : ""
    }

    /// Whether two texts of one session differ in more than `updateTime`, which also changes for other reasons.
    static func differs(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left != right else { return false }
        guard var a = (try? JSON(parsing: left))?.object, var b = (try? JSON(parsing: right))?.object else {
            return true
        }
        a["updateTime"] = nil
        b["updateTime"] = nil
        return a != b
    }
}

extension Activity {
    /// The activity in the API's JSON object; `nil` if it has no id.
    init?(wire body: [UInt8]) {
        guard let object = (try? JSON(parsing: body))?.object, let id = wireID(object) else { return nil }
        let kind = object.members.lazy.compactMap { Kind(rawValue: $0.name) }.first ?? .other
        self.init(
            id: id,
            createTime: object["createTime"]?.string.flatMap(Timestamp.init(rfc3339:)) ?? Timestamp(nanoseconds: 0),
            kind: kind,
            isAgents: object["originator"]?.string.map { $0.lowercased() == "agent" } ?? kind.isAgents,
            body: body)
    }
}

extension AccountSource {
    /// The source in the API's JSON object.
    init(wire body: [UInt8]) {
        self.init(name: (try? JSON(parsing: body))?["name"]?.string ?? "", body: body)
    }
}

/// The resource's id: the member `id`, else the last part of `name`. Either may be missing.
private func wireID(_ object: JSONObject) -> String? {
    if let id = object["id"]?.string, !id.isEmpty { return id }
    // An id written as a number loses nothing: numbers keep their text.
    if case .number(let id) = object["id"] { return id }
    guard let parts = object["name"]?.string?.split(separator: "/", omittingEmptySubsequences: false), parts.count > 1,
        let last = parts.last, !last.isEmpty
    else { return nil }
    return String(last)
}
