// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Session {
    /// The session that the API's JSON object describes; `nil` where it names no session, or one that could not be asked for.
    ///
    /// Nothing but an id is required: the API leaves out default values, and v1alpha may change anything at any time.
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

    /// The address of the first pull request that a session's JSON names.
    static func pullRequestURL(_ session: JSON) -> String? {
        (session["outputs"]?.array ?? []).lazy.compactMap { $0["pullRequest"]?["url"]?.string }.first
    }

    /// `owner/name` of a source's resource name, `sources/github/owner/name`.
    static func repository(source: String) -> String {
        let prefix = "sources/github/"
        return source.hasPrefix(prefix) ? String(source.dropFirst(prefix.count)) : ""
    }

    /// True where two texts of one session differ in more than `updateTime`, which moves for reasons of its own.
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
    /// The activity that the API's JSON object describes; `nil` where it has no id.
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
    /// The source that the API's JSON object describes.
    init(wire body: [UInt8]) {
        self.init(name: (try? JSON(parsing: body))?["name"]?.string ?? "", body: body)
    }
}

/// The resource's id: its own member, else the last part of its name. One or the other may be missing.
private func wireID(_ object: JSONObject) -> String? {
    if let id = object["id"]?.string, !id.isEmpty { return id }
    // A number would have lost nothing either: numbers keep their text.
    if case .number(let id) = object["id"] { return id }
    guard let parts = object["name"]?.string?.split(separator: "/", omittingEmptySubsequences: false), parts.count > 1,
        let last = parts.last, !last.isEmpty
    else { return nil }
    return String(last)
}
