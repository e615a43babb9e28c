// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension NewSession {
    /// The session that a body of `POST /api/sessions` asks for, and the body for the API.
    ///
    /// Two forms are taken: the API's own (`prompt`, `title`, `sourceContext`, …), passed on as it is, and the short one with
    /// `repo` ("owner/name") and `branch` in place of `sourceContext`. A missing branch is the repository's default one.
    static func read(
        _ request: HTTPRequest, defaultBranch: (_ source: String) async throws -> String?
    ) async throws -> (NewSession, body: [UInt8]) {
        var body = try RequestBody(request)
        let prompt = body.string("prompt", required: true, length: 1...1_000_000)
        let title = body.string("title")
        let context = body.object("sourceContext")
        let repository = body.string("repo")
        let branch = body.string("branch", length: 1...1000)
        let requirePlanApproval = body.bool("requirePlanApproval")
        let automationMode = body.string("automationMode")
        if let repository, repository.split(separator: "/", omittingEmptySubsequences: false).count != 2 {
            body.fault("repo", "must be owner/name") as Void?
        }
        if repository != nil, context != nil {
            body.fault("repo", "and sourceContext say the same: give one of them") as Void?
        }
        if branch != nil, repository == nil { body.fault("branch", "needs repo") as Void? }
        try body.finish()

        var out = JSONObject([.init(name: "prompt", value: .string(prompt ?? ""))])
        if let title { out["title"] = .string(title) }
        if let context { out["sourceContext"] = .object(context) }
        if let repository {
            let source = "sources/github/\(repository)"
            var starting = branch
            if starting == nil { starting = try await defaultBranch(source) }
            guard let starting else {
                throw Problem.invalid("branch", "is required: the default branch of \(repository) is not known")
            }
            out["sourceContext"] = [
                "source": .string(source), "githubRepoContext": ["startingBranch": .string(starting)],
            ]
        }
        if let requirePlanApproval { out["requirePlanApproval"] = .bool(requirePlanApproval) }
        if let automationMode { out["automationMode"] = .string(automationMode) }
        let session = NewSession(
            prompt: prompt ?? "", title: title, source: out["sourceContext"]?["source"]?.string)
        return (session, JSON.object(out).bytes)
    }
}
