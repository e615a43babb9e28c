// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension NewSession {
    /// The session that a body of `POST /api/sessions` asks for.
    ///
    /// Two forms are taken: the API's own (`prompt`, `title`, `sourceContext`, …), passed on as it is, and the short one with
    /// `repo` ("owner/name") and `branch` in place of `sourceContext`.
    init(_ request: HTTPRequest) throws(Problem) {
        var body = try RequestBody(request)
        let prompt = body.string("prompt", required: true, length: 1...1_000_000)
        let title = body.string("title")
        let context = body.object("sourceContext")
        let repository = body.string("repo").map { RepositoryName($0).text }
        let branch = body.string("branch", length: 1...1000)
        let requirePlanApproval = body.bool("requirePlanApproval")
        let automationMode = body.string("automationMode")
        if let repository, !ResourceID.isRepository(repository) {
            body.fault("repo", "must be owner/name") as Void?
        }
        if repository != nil, context != nil {
            body.fault("repo", "and sourceContext say the same: give one of them") as Void?
        }
        if branch != nil, repository == nil { body.fault("branch", "needs repo") as Void? }
        try body.finish()
        self.init(
            prompt: prompt ?? "", title: title,
            place: repository.map { .repository($0, branch: branch) } ?? context.map { .context($0) } ?? .nowhere,
            requirePlanApproval: requirePlanApproval, automationMode: automationMode)
    }
}
