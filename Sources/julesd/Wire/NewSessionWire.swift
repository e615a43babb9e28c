// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension NewSession {
    /// The resource name of the source, such as `sources/github/owner/name`; `nil` without a repository.
    var source: String? {
        switch place {
        case .nowhere: nil
        case .context(let context): context["source"]?.string
        case .repository(let repository, _): "sources/github/\(repository)"
        }
    }

    /// The body of `sessions.create`, a Session in its flat form.
    ///
    /// - Parameter branch: the starting branch, used if the repository is given by its name.
    func wireBody(branch: String) -> [UInt8] {
        var body = JSONObject([.init(name: "prompt", value: .string(prompt))])
        if let title { body["title"] = .string(title) }
        switch place {
        case .nowhere: break
        case .context(let context): body["sourceContext"] = .object(context)
        case .repository:
            body["sourceContext"] = [
                "source": .string(source ?? ""), "githubRepoContext": ["startingBranch": .string(branch)],
            ]
        }
        if let requirePlanApproval { body["requirePlanApproval"] = .bool(requirePlanApproval) }
        if let automationMode { body["automationMode"] = .string(automationMode) }
        return JSON.object(body).bytes
    }

    /// Whether `session` is the session that was asked for. Members that the API leaves out are not compared.
    func matches(_ session: Session) -> Bool {
        let titleFits = (title ?? "").isEmpty || session.title == title
        let repository = RepositoryName(Session.repository(source: source ?? ""))
        return session.prompt == prompt && titleFits
            && (session.repository.isEmpty || RepositoryName(session.repository).key == repository.key)
    }
}
