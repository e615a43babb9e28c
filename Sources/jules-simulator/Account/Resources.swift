// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

// The resources in proto3 JSON, which leaves out fields with their default values.

extension JSONObject {
    fileprivate mutating func set(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { members.append(Member(name: name, value: .string(value))) }
    }

    fileprivate mutating func set(_ name: String, _ value: Bool) {
        if value { members.append(Member(name: name, value: true)) }
    }

    fileprivate mutating func set(_ name: String, _ value: Int) {
        if value != 0 { members.append(Member(name: name, value: JSON(value))) }
    }

    fileprivate mutating func set(_ name: String, _ value: [JSON]) {
        if !value.isEmpty { members.append(Member(name: name, value: .array(value))) }
    }

    fileprivate mutating func set(_ name: String, _ value: JSONObject?) {
        if let value { members.append(Member(name: name, value: .object(value))) }
    }
}

extension Session {
    /// The session as API JSON. `echo` says whether inputs such as `requirePlanApproval` are included.
    func json(echo: Bool) -> JSON {
        var json = JSONObject()
        json.set("name", name)
        json.set("id", id)
        json.set("prompt", draft.prompt)
        if let source = draft.source {
            var context = JSONObject()
            context.set("source", source)
            if let branch = draft.startingBranch {
                var repo = JSONObject()
                repo.set("startingBranch", branch)
                context.set("githubRepoContext", repo)
            }
            context.set("workingBranch", draft.workingBranch)
            context.set("environmentVariablesEnabled", draft.environmentVariablesEnabled)
            json.set("sourceContext", context)
        }
        json.set("title", title)
        if echo {
            json.set("requirePlanApproval", draft.requirePlanApproval)
            json.set("automationMode", draft.automationMode)
        }
        json.set("createTime", createTime.rfc3339Shortest)
        json.set("updateTime", updateTime.rfc3339Shortest)
        json.set("state", state.rawValue)
        json.set("url", "https://jules.google.com/session/\(id)")
        json.set("outputs", outputs)
        json.set("archived", archived)
        return .object(json)
    }

    private var outputs: [JSON] {
        guard let edits = deliveredEdits else { return [] }
        var changeSet = JSONObject()
        changeSet.set("changeSet", changeSetJSON(edits: edits))
        guard draft.automationMode == "AUTO_CREATE_PR", let repository = assignment.repository else {
            return [.object(changeSet)]
        }
        var request = JSONObject()
        request.set("url", "https://github.com/\(repository.owner)/\(repository.name)/pull/\(pullRequestNumber)")
        request.set("title", title)
        request.set("description", assignment.pullRequestDescription)
        request.set("baseRef", draft.startingBranch ?? "main")
        request.set("headRef", draft.workingBranch ?? "\(assignment.slug)-\(id)")
        var pullRequest = JSONObject()
        pullRequest.set("pullRequest", request)
        return [.object(changeSet), .object(pullRequest)]
    }

    fileprivate func changeSetJSON(edits: Int) -> JSONObject {
        var patch = JSONObject()
        patch.set("unidiffPatch", assignment.patch(edits: edits))
        patch.set("baseCommitId", draft.source == nil ? nil : baseCommit)
        patch.set("suggestedCommitMessage", assignment.commitMessage)
        var changeSet = JSONObject()
        changeSet.set("source", draft.source ?? "sources/github/")
        changeSet.set("gitPatch", patch)
        return changeSet
    }

    /// An activity of this session as API JSON.
    func json(of activity: Activity) -> JSON {
        var json = JSONObject()
        json.set("name", "\(name)/activities/\(activity.id)")
        json.set("id", activity.id)
        json.set("createTime", activity.createTime.rfc3339Shortest)
        json.set("originator", activity.originator.rawValue)
        switch activity.kind {
        case .agentMessaged(let text): json["agentMessaged"] = ["agentMessage": .string(text)]
        case .userMessaged(let text): json["userMessaged"] = ["userMessage": .string(text)]
        case .planGenerated(let plan): json["planGenerated"] = ["plan": plan.json]
        case .planApproved(let planID): json["planApproved"] = ["planId": .string(planID)]
        case .progressUpdated(let title, let description):
            var progress = JSONObject()
            progress.set("title", title)
            progress.set("description", description)
            json["progressUpdated"] = .object(progress)
        case .sessionCompleted: json["sessionCompleted"] = [:]
        case .sessionFailed(let reason):
            var failure = JSONObject()
            failure.set("reason", reason)
            json["sessionFailed"] = .object(failure)
        case .other(let members): json.members += members.members
        }
        json.set("artifacts", activity.artifacts.map(self.json(of:)))
        return .object(json)
    }

    private func json(of artifact: Activity.Artifact) -> JSON {
        var json = JSONObject()
        switch artifact {
        case .changeSet(let edits): json.set("changeSet", changeSetJSON(edits: edits))
        case .media(let mimeType, let base64):
            json["media"] = ["data": .string(base64), "mimeType": .string(mimeType)]
        case .bashOutput(let command, let output, let exitCode):
            var bash = JSONObject()
            bash.set("command", command)
            bash.set("output", output)
            bash.set("exitCode", exitCode)
            json.set("bashOutput", bash)
        }
        return .object(json)
    }
}

extension Plan {
    fileprivate var json: JSON {
        var json = JSONObject()
        json.set("id", id)
        json.set(
            "steps",
            steps.enumerated().map { index, step in
                var json = JSONObject()
                json.set("id", step.id)
                json.set("title", step.title)
                json.set("description", step.description)
                json.set("index", index)
                return .object(json)
            })
        json.set("createTime", createTime.rfc3339Shortest)
        return .object(json)
    }
}

extension Source {
    /// The source as API JSON.
    var json: JSON {
        var json = JSONObject()
        json.set("name", name)
        json.set("id", "github/\(owner)/\(repo)")
        var repository = JSONObject()
        repository.set("owner", owner)
        repository.set("repo", repo)
        repository.set("isPrivate", isPrivate)
        repository["defaultBranch"] = ["displayName": .string(defaultBranch)]
        repository.set("branches", branches.map { ["displayName": .string($0)] })
        json.set("githubRepo", repository)
        return .object(json)
    }
}
