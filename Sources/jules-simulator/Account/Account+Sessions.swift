// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Account {
    mutating func createSession(_ request: APIRequest) throws(APIError) -> JSON {
        let body = try request.message(.session, at: "session")
        var violations: [APIError.Violation] = []
        let prompt = body["prompt"]?.string ?? ""
        if prompt.isEmpty { violations.append(.init(field: "session.prompt", description: "prompt is required.")) }
        var draft = SessionDraft(prompt: prompt)
        draft.title = body["title"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        draft.requirePlanApproval = body["requirePlanApproval"]?.bool ?? false
        draft.automationMode = body["automationMode"]?.string.flatMap {
            $0 == "AUTOMATION_MODE_UNSPECIFIED" ? nil : $0
        }
        if let context = body["sourceContext"], case .object = context {
            draft.source = context["source"]?.string
            draft.workingBranch = context["workingBranch"]?.string
            draft.environmentVariablesEnabled = context["environmentVariablesEnabled"]?.bool ?? false
            if draft.source?.hasPrefix("sources/") != true {
                violations.append(.init(field: "session.source_context.source", description: "source is required."))
            }
            if let github = context["githubRepoContext"], case .object = github {
                draft.startingBranch = github["startingBranch"]?.string
                if draft.startingBranch?.isEmpty != false {
                    violations.append(
                        .init(
                            field: "session.source_context.github_repo_context.starting_branch",
                            description: "starting_branch is required."))
                }
            }
        }
        guard violations.isEmpty else { throw .invalid(violations) }
        if let source = draft.source, !sources.contains(where: { $0.name == source }) { throw .preconditionFailed }
        let refusal = limitReached
        if let refusal, refusal != .preconditionFailed || !behavior.refusedButCreated { throw refusal }
        let session = create(draft)
        if let refusal { throw refusal }
        return session.json(echo: behavior.echoInputs)
    }

    /// The error if the plan's limits are reached; otherwise `nil`.
    private var limitReached: APIError? {
        if behavior.tasksPerDay > 0, createdWithinDay >= behavior.tasksPerDay {
            return behavior.refusalPerDay == .throttled ? .quotaExhausted : .preconditionFailed
        }
        return behavior.concurrencyCap > 0 && activeCount >= behavior.concurrencyCap ? .preconditionFailed : nil
    }

    /// Lists sessions, newest first.
    func listSessions(_ request: APIRequest) throws(APIError) -> JSON {
        let paging = try request.paging(standard: 30)
        let text = request["filter"] ?? ""
        let filter = try ArchivedFilter(text)
        var end = order.count
        if let token = paging.token {
            guard let token = SessionPageToken(token), token.filter == text else { throw Paging.invalidToken }
            end = position(of: Place(createTime: token.createTime, id: token.id))
        }
        var page: [JSON] = []
        var last: Session?
        for place in order[..<end].reversed() {
            guard let session = visible(place.id), filter.matches(archived: session.archived) else { continue }
            if page.count == paging.size, let last {
                let token = SessionPageToken(createTime: last.createTime, id: last.id, filter: text)
                return ["sessions": .array(page), "nextPageToken": .string(token.text)]
            }
            page.append(session.json(echo: behavior.echoInputs))
            last = session
        }
        return page.isEmpty ? [:] : ["sessions": .array(page)]
    }

    mutating func session(_ operation: Operation, _ id: String, _ request: APIRequest) throws(APIError) -> JSON? {
        let message = try body(of: operation, request)
        guard visible(id) != nil else { throw .notFound }
        let now = now
        switch operation {
        case .deleteSession:
            remove(id)
            return nil
        case .approvePlan:
            try update(id) { (session, behavior) throws(APIError) in try session.approve(at: now, behavior) }
            return nil
        case .sendMessage:
            let prompt = message?["prompt"]?.string ?? ""
            guard !prompt.isEmpty else { throw .invalid("prompt", "prompt is required.") }
            try update(id) { (session, behavior) throws(APIError) in try session.receive(prompt, at: now, behavior) }
            return nil
        case .archiveSession: update(id) { session, _ in session.archive(at: now) }
        case .unarchiveSession: update(id) { session, _ in session.unarchive(at: now) }
        default: break
        }
        return visible(id)?.json(echo: behavior.echoInputs)
    }

    private func body(of operation: Operation, _ request: APIRequest) throws(APIError) -> JSON? {
        switch operation {
        case .sendMessage: try request.message(.sendMessage)
        case .approvePlan, .archiveSession, .unarchiveSession:
            try request.message(.empty, emptyAllowed: behavior.emptyActionBody)
        default: nil
        }
    }
}
