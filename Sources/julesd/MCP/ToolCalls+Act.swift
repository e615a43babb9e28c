// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension ToolCalls {
    func approvePlan(_ arguments: ToolArguments) async throws -> JSONObject {
        let id = try arguments.requiredSession
        let plan = arguments.text("plan_id") ?? ""
        let before = try await actions.lookup.existing(id)
        try await actions.lookup.refreshActivities(of: before, always: true)
        if let newest = try await store.newestPlanActivity(of: id), newest.isApproved,
            Plan(activity: newest.body)?.id == plan
        {
            return done(before, "already_approved")
        }
        do {
            return done(try await actions.approve(id, plan: plan, under: nil), "approved")
        } catch let error as UncertainOutcomeError where !error.mayBeRepeated {
            return done(try await store.session(id) ?? before, "accepted_unconfirmed")
        } catch SessionActionError.otherPlan(_, let newest?) {
            throw ToolError(
                "The plan changed: the newest one is \(newest). Read it with get_plan and ask the person again.")
        }
    }

    func sendMessage(_ arguments: ToolArguments) async throws -> JSONObject {
        let id = try arguments.requiredSession
        let before = try await actions.lookup.existing(id)
        do {
            try await actions.send(arguments.text("message") ?? "", to: id, under: nil)
            return done(try await store.session(id) ?? before, "sent")
        } catch let error as UncertainOutcomeError where !error.mayBeRepeated {
            return done(try await store.session(id) ?? before, "accepted_unconfirmed")
        }
    }

    func createSession(_ arguments: ToolArguments) async throws -> JSONObject {
        let repository = RepositoryName(arguments.text("repo") ?? "").text
        guard ResourceID.isRepository(repository) else {
            throw ToolError("repo must be owner/name: see list_repositories.")
        }
        let wanted = NewSession(
            prompt: arguments.text("prompt") ?? "", title: arguments.text("title"),
            place: .repository(repository, branch: arguments.text("branch")),
            requirePlanApproval: arguments.flag("require_plan_approval") ?? true,
            automationMode: arguments.flag("auto_create_pr") == true ? "AUTO_CREATE_PR" : nil)
        let priority = arguments.number("priority")
        let isQueued = arguments.flag("queue") ?? false
        guard isQueued || priority == nil else { throw ToolError("priority needs queue: true.") }
        let key = arguments.text("idempotency_key").map { text in
            let body = wanted.wireBody(branch: arguments.text("branch") ?? "")
            return IdempotencyKey(
                text: "mcp \(text)", target: isQueued ? "queue" : "create",
                digest: sha256(isQueued ? body + Array(" \(priority ?? 0)".utf8) : body))
        }
        if isQueued { return try await queued(wanted, priority: priority ?? 0, under: key) }
        do {
            let session = try await actions.create(wanted, under: key)
            let entries = try await store.inboxEntries(of: [session.id])
            return JSONObject([
                .init(name: "session", value: .object(SessionRow(session, entries[session.id]).object)),
                .init(name: "outcome", value: "created"), .init(name: "feed", value: .string(position)),
            ])
        } catch let error as UncertainOutcomeError where !error.mayBeRepeated {
            return JSONObject([
                .init(name: "outcome", value: "accepted_unconfirmed"), .init(name: "feed", value: .string(position)),
            ])
        }
    }

    private func queued(
        _ wanted: NewSession, priority: Int, under key: IdempotencyKey?
    ) async throws -> JSONObject {
        let id = try await queue.add(wanted, priority: priority, under: key)
        var entry = JSONObject([.init(name: "id", value: .string(id))])
        if let waiting = try await queue.waiting().first(where: { $0.entry.id == id }) {
            entry["position"] = JSON(waiting.position)
            entry["earliest"] = waiting.earliest.map { .string($0.rfc3339) }
        } else {
            // The same key has queued it before.
            entry["session_id"] = try await queue.store.entry(id)?.session.map { .string($0) }
        }
        return JSONObject([
            .init(name: "queued", value: .object(entry)), .init(name: "outcome", value: "queued"),
            .init(name: "feed", value: .string(position)),
        ])
    }

    func archiveSession(_ arguments: ToolArguments) async throws -> JSONObject {
        let id = try arguments.requiredSession
        let session = try await actions.setArchived(arguments.flag("archived") ?? true, id)
        let entries = try await store.inboxEntries(of: [id])
        return JSONObject([
            .init(name: "session", value: .object(SessionRow(session, entries[id]).object)),
            .init(name: "feed", value: .string(position)),
        ])
    }

    /// The answer after an action. A wait from this `feed` does not end because of the action itself.
    private func done(_ session: Session, _ outcome: String) -> JSONObject {
        JSONObject([
            .init(name: "session_id", value: .string(session.id)),
            .init(name: "state", value: .string(CleanText(session.state.name, limit: 60, lines: false).text)),
            .init(name: "outcome", value: .string(outcome)), .init(name: "feed", value: .string(position)),
        ])
    }
}
