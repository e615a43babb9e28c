// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A task in the queue: one that waits until Jules has room for it, or one that has ended.
struct QueueEntry: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable {
        case waiting
        /// The API is being asked for its session.
        case starting
        case started, failed, cancelled
    }

    let id: String
    var state = State.waiting
    /// From -100 to 100; higher ones start first.
    var priority = 0
    let queued: Timestamp
    /// `owner/name` in lower case, under which the sessions of one repository are counted; empty without a repository.
    var repository = ""
    /// The first line of the title, or of the prompt.
    var title = ""
    /// Whether Jules may have started it without saying so.
    var isUncertain = false
    /// When Jules was asked for it by a daemon that ended before the answer; `nil` otherwise.
    var asked: Timestamp?
    /// How many times Jules refused it and accepted a task of another repository instead.
    var refusals = 0
    /// The decision and the rule whose retry it is; `nil` for a task that somebody has queued.
    var decision: String?
    var rule: String?
    /// The session that was created for it.
    var session: String?
    /// Why it failed, or Jules's last answer.
    var detail: String?
    var ended: Timestamp?

    static let priorities = -100...100

    /// Whether a request of a daemon that has ended can still have its effect.
    func canStillStart(at now: Timestamp) -> Bool {
        guard let asked else { return false }
        let age = now.duration(since: asked)
        return age < RequestAttempt.longestDelay && age > .zero - RequestAttempt.clockError
    }

    /// The idempotency key under which its session is created. No client's key contains a tab.
    var key: String { "queue\t\(id)" }

    /// The key together with a digest of the request.
    func key(of request: JSONObject) -> IdempotencyKey {
        IdempotencyKey(text: key, target: "create", digest: sha256(JSON.object(request).bytes))
    }
}

extension NewSession {
    /// The form in which the queue stores it: the body of `POST /api/sessions`.
    var queued: JSONObject {
        var body = JSONObject([.init(name: "prompt", value: .string(prompt))])
        if let title { body["title"] = .string(title) }
        switch place {
        case .nowhere: break
        case .context(let context): body["sourceContext"] = .object(context)
        case .repository(let repository, let branch):
            body["repo"] = .string(repository)
            if let branch { body["branch"] = .string(branch) }
        }
        if let requirePlanApproval { body["requirePlanApproval"] = .bool(requirePlanApproval) }
        if let automationMode { body["automationMode"] = .string(automationMode) }
        return body
    }

    init(queued body: JSONObject) {
        let repository = body["repo"]?.string.map { Place.repository($0, branch: body["branch"]?.string) }
        self.init(
            prompt: body["prompt"]?.string ?? "", title: body["title"]?.string,
            place: repository ?? body["sourceContext"]?.object.map { .context($0) } ?? .nowhere,
            requirePlanApproval: body["requirePlanApproval"]?.bool, automationMode: body["automationMode"]?.string)
    }

    /// The repository in lower case; empty without one.
    var repositoryKey: String { RepositoryName(Session.repository(source: source ?? "")).key }

    /// The first line of the title, or of the prompt.
    var shortTitle: String {
        let text = (title ?? "").isEmpty ? prompt : title ?? ""
        return String(text.split(whereSeparator: \.isNewline).first?.prefix(120) ?? "")
    }
}
