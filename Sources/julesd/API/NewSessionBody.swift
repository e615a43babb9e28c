// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The body of `POST /api/sessions`.
struct NewSessionBody {
    let session: NewSession
    /// The priority in the queue; `nil` for a session that is created at once.
    let queuePriority: Int?

    /// Reads the body. The session has one of two forms: the API's own (`prompt`, `title`, `sourceContext`, …), which is
    /// passed on unchanged, or the short one with `repo` ("owner/name") and `branch` instead of `sourceContext`.
    ///
    /// - Throws: `RequestError` with one entry for each wrong or unknown field.
    init(_ request: HTTPRequest) throws(RequestError) {
        var body = try RequestBody(request)
        let prompt = body.string("prompt", required: true, length: 1...1_000_000)
        let title = body.string("title")
        let context = body.object("sourceContext")
        let repository = body.string("repo").map { RepositoryName($0).text }
        let branch = body.string("branch", length: 1...1000)
        let requirePlanApproval = body.bool("requirePlanApproval")
        let automationMode = body.string("automationMode")
        let isQueued = body.bool("queue") ?? false
        let priority = body.integer("priority", QueueEntry.priorities)
        if priority != nil, !isQueued { body.fault("priority", "needs queue") as Void? }
        if let repository, !ResourceID.isRepository(repository) {
            body.fault("repo", "must be owner/name") as Void?
        }
        if repository != nil, context != nil {
            body.fault("repo", "and sourceContext say the same: give one of them") as Void?
        }
        if branch != nil, repository == nil { body.fault("branch", "needs repo") as Void? }
        try body.finish()
        session = NewSession(
            prompt: prompt ?? "", title: title,
            place: repository.map { .repository($0, branch: branch) } ?? context.map { .context($0) } ?? .nowhere,
            requirePlanApproval: requirePlanApproval, automationMode: automationMode)
        queuePriority = isQueued ? priority ?? 0 : nil
    }
}
