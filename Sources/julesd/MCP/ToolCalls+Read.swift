// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension ToolCalls {
    func listSessions(_ arguments: ToolArguments) async throws -> JSONObject {
        var query = SessionQuery()
        query.states = Set(arguments.texts("state").map { SessionState($0) })
        query.repository = arguments.text("repo")
        query.text = arguments.text("query")
        query.archived = ["yes": .yes, "all": .all][arguments.text("archived") ?? "no"] ?? .no
        query.limit = arguments.number("limit") ?? 20
        if let cursor = arguments.text("cursor") {
            query.after = .init(cursor: cursor)
            if query.after == nil { throw ToolError("cursor must be the next_cursor of an earlier answer.") }
        }
        let page = try await store.sessions(query)
        let sessions = page.bodies.compactMap { Session(wire: $0) }
        let entries = try await store.inboxEntries(of: sessions.map(\.id))
        var list = BoundedList()
        var next = page.next
        var last: ListPlace?
        for session in sessions {
            guard list.add(.object(SessionRow(session, entries[session.id]).object)) else {
                next = last
                break
            }
            last = .init(time: session.createTime.nanoseconds, id: session.id)
        }
        var answer = JSONObject([.init(name: "sessions", value: .array(list.items))])
        answer["next_cursor"] = next.map { .string($0.cursor) }
        return answer
    }

    func getSession(_ arguments: ToolArguments) async throws -> JSONObject {
        let id = try arguments.requiredSession
        let refreshed = arguments.flag("refresh") == true ? try await actions.lookup.refresh(id) : nil
        let session: Session
        if let refreshed { session = refreshed } else { session = try await actions.lookup.existing(id) }
        // The state may have arrived before its question. If the question cannot be read, the answer comes without it.
        if session.state.waitsForPerson {
            do { try await actions.lookup.refreshActivities(of: session, always: true) } catch is UpstreamError {}
        }
        return try await describe(session)
    }

    /// One session in full. Its resource shows the same.
    func describe(_ session: Session) async throws -> JSONObject {
        var answer = SessionRow(session, try await store.inboxEntries(of: [session.id])[session.id]).object
        let prompt = CleanText(session.prompt, limit: 2000)
        answer["prompt"] = .string(prompt.text)
        var isCut = prompt.isCut
        if let body = try await store.newestActivity(of: [.agentMessaged, .userMessaged], in: session.id),
            let message = ActivityText(wire: body)
        {
            let text = CleanText(message.text, limit: 2000)
            isCut = isCut || text.isCut
            answer["last_message"] = [
                "from": .string(message.from), "at": .string(message.activity.createTime.rfc3339),
                "text": .string(text.text),
            ]
        }
        answer["plan_id"] = try await store.newestPlan(of: session.id).map {
            .string(CleanText($0, limit: 128, lines: false).text)
        }
        if let patch = try await patch(of: session)?["unidiffPatch"]?.string {
            answer["files_changed"] = JSON(Patch(patch).files.count)
        }
        if session.state == .inProgress,
            let newest = try await store.activities(ActivityQuery(session: session.id, newestFirst: true, limit: 50))?
                .bodies.lazy.compactMap({ Activity(wire: $0) }).first(where: \.isAgents)
        {
            let silent = store.wallNow.duration(since: newest.createTime)
            answer["agent_silent_minutes"] = JSON(max(0, silent.components.seconds / 60))
        }
        answer["truncated"] = .bool(isCut)
        return answer
    }

    func getPlan(_ arguments: ToolArguments) async throws -> JSONObject {
        let id = try arguments.requiredSession
        let session = try await actions.lookup.existing(id)
        // A person decides with this plan: a read of a moment ago may lack the newest plan.
        try await actions.lookup.refreshActivities(of: session, always: session.state == .awaitingPlanApproval)
        guard let newest = try await store.newestPlanActivity(of: id), let activity = Activity(wire: newest.body),
            let plan = (try? JSON(parsing: newest.body))?["planGenerated"]?["plan"]
        else { throw ToolError("Session \(id) has no plan yet: wait_for_attention tells when there is one.") }
        let steps = (plan["steps"]?.array ?? []).sorted { ($0["index"]?.int ?? 0) < ($1["index"]?.int ?? 0) }
        var list = BoundedList()
        var isCut = false
        for step in steps {
            let title = CleanText(step["title"]?.string ?? "", limit: 300, lines: false)
            let description = CleanText(step["description"]?.string ?? "", limit: 1000)
            isCut = isCut || title.isCut || description.isCut
            guard list.add(["title": .string(title.text), "description": .string(description.text)]) else {
                isCut = true
                break
            }
        }
        var answer = JSONObject([
            .init(name: "plan_id", value: .string(CleanText(plan["id"]?.string ?? "", limit: 128, lines: false).text)),
            .init(name: "created_at", value: .string(activity.createTime.rfc3339)),
            .init(name: "approved", value: .bool(newest.isApproved)), .init(name: "newest", value: true),
            .init(name: "steps", value: .array(list.items)), .init(name: "truncated", value: .bool(isCut)),
        ])
        if isCut { answer["rest"] = .string("get_activity \(activity.id) has the whole plan") }
        return answer
    }

    func listActivities(_ arguments: ToolArguments) async throws -> JSONObject {
        let id = try arguments.requiredSession
        let names = arguments.texts("kinds")
        let kinds = names.compactMap(Activity.Kind.init(rawValue:))
        guard kinds.count == names.count else {
            let known = Activity.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ToolError("Invalid arguments: kinds must be among \(known).")
        }
        try await actions.lookup.refreshActivities(of: try await actions.lookup.existing(id))
        let query = ActivityQuery(
            session: id, kinds: kinds, newestFirst: arguments.flag("newest_first") ?? true,
            limit: arguments.number("limit") ?? 20, after: arguments.text("after"))
        guard let page = try await store.activities(query) else {
            throw ToolError(
                "after must be the next_cursor of an earlier answer, or the id of an activity of this session.")
        }
        var list = BoundedList()
        var next = page.next
        var last: String?
        for text in page.bodies.compactMap(ActivityText.init(wire:)) {
            let short = CleanText(text.text, limit: 300)
            var item = text.head
            item["text"] = .string(short.text)
            item["has_more"] = .bool(short.isCut)
            guard list.add(.object(item)) else {
                next = last
                break
            }
            last = text.activity.id
        }
        var answer = JSONObject([.init(name: "activities", value: .array(list.items))])
        answer["next_cursor"] = next.map(JSON.string)
        return answer
    }

    func getActivity(_ arguments: ToolArguments) async throws -> Answer {
        let id = try arguments.requiredSession
        let wanted = arguments.text("activity_id") ?? ""
        if try await store.activity(wanted, of: id) == nil {
            try await actions.lookup.refreshActivities(of: try await actions.lookup.existing(id))
        }
        guard let body = try await store.activity(wanted, of: id), let activity = ActivityText(wire: body) else {
            throw ToolError("Session \(id) has no activity of that id: see list_activities.")
        }
        let offset = arguments.number("offset") ?? 0
        let rest = activity.text.unicodeScalars.dropFirst(offset)
        let part = String(String.UnicodeScalarView(rest.prefix(BoundedList.room)))
        var data = activity.head
        data["text"] = .string(part)
        if rest.dropFirst(BoundedList.room).first != nil { data["next_offset"] = JSON(offset + BoundedList.room) }
        return Answer(data: data, plain: "text")
    }
}
