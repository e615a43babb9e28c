// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Finds the repository of the account for a name that a person has written in any case.
struct RepositoryLookup: Sendable {
    let requests: UserRequests
    let store: SessionStore
    /// All sources of the account, as the API's JSON.
    let sources: @Sendable () async throws -> [[UInt8]]

    /// The name in the API's spelling, and the default branch if it was asked for.
    struct Answer: Sendable {
        let name: String
        var defaultBranch: String?
    }

    /// - Parameter needsBranch: whether the default branch is wanted. If not, a repository that our copy knows needs no
    ///   request.
    /// - Throws: `SessionActionError.unknownRepository` with the most similar name; `UpstreamError` if the API cannot be
    ///   asked.
    func find(_ wanted: RepositoryName, needsBranch: Bool) async throws -> Answer {
        let known = try await spelling(of: wanted)
        if let known, !needsBranch { return Answer(name: known) }
        let name = known ?? wanted.text
        do throws(UpstreamError) {
            let body = try await requests.ask(.repeatable) { (client) throws(UpstreamError) in
                try await client.source("sources/github/\(name)")
            }
            return Answer(name: name, defaultBranch: (try? JSON(parsing: body))?.defaultBranch)
        } catch {
            guard error.isNotFound else { throw error }
            return try await search(wanted)
        }
    }

    /// The name in the spelling of a session in our copy; `nil` if there is none.
    private func spelling(of wanted: RepositoryName) async throws -> String? {
        let query = SessionQuery(repository: wanted.text, archived: .all, limit: 1)
        return try await store.sessions(query).bodies.first.flatMap { Session(wire: $0)?.repository }
    }

    private func search(_ wanted: RepositoryName) async throws -> Answer {
        let answers = try await sources().compactMap { body -> Answer? in
            guard let source = try? JSON(parsing: body), let name = source.repository else { return nil }
            return Answer(name: name, defaultBranch: source.defaultBranch)
        }
        if let answer = answers.first(where: { RepositoryName($0.name).key == wanted.key }) { return answer }
        throw SessionActionError.unknownRepository(
            wanted.text, near: wanted.text.nearest(among: answers.map(\.name)))
    }
}

extension JSON {
    /// For a source: `owner/name`.
    fileprivate var repository: String? {
        if let owner = self["githubRepo"]?["owner"]?.string, let name = self["githubRepo"]?["repo"]?.string {
            return "\(owner)/\(name)"
        }
        let name = Session.repository(source: self["name"]?.string ?? "")
        return name.isEmpty ? nil : name
    }

    /// For a source: its default branch.
    fileprivate var defaultBranch: String? { self["githubRepo"]?["defaultBranch"]?["displayName"]?.string }
}
