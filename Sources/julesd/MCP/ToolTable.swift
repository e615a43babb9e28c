// SPDX-License-Identifier: Apache-2.0

extension Tool {
    /// All tools, in the order in which they are listed.
    static let all: [Tool] = [
        Tool(
            name: .listAttention, title: "What waits for a person",
            description: """
                Lists the sessions that wait for a person, oldest first: plans to approve, questions, stalled, expired and \
                failed ones. Call it first. Keep feed for wait_for_attention.
                """,
            parameters: [.limit(50, default: 20), .cursor],
            output: "waiting:integer items:array next_cursor?:string feed:string",
            effect: .reads(asksJules: false)),
        Tool(
            name: .waitForAttention, title: "Wait until something needs a person",
            description: """
                Waits until a session newly needs a person or has finished, at most timeout_seconds (45). With the feed of an \
                earlier answer nothing is missed; without it the call answers at once if anything waits. On timed_out call it \
                again with the new feed. resync means that the whole list is told anew. An item may come before its plan or question: \
                get_plan and get_session ask Jules for it.
                """,
            parameters: [
                .init(name: "feed", form: .text(1...200), description: "feed of an earlier answer"),
                .session(isRequired: false),
                .init(name: "include_finished", form: .flag, description: "default true"),
                .init(name: "timeout_seconds", form: .number(0...50), description: "default 45"),
            ], output: "items:array waiting:integer feed:string timed_out:boolean resync:boolean",
            effect: .reads(asksJules: false)),
        Tool(
            name: .listSessions, title: "List sessions",
            description: "Lists sessions, newest first, with state and what they wait for.",
            parameters: [
                .init(name: "state", form: .texts(20), description: "such as IN_PROGRESS, COMPLETED"),
                .init(name: "repo", form: .text(1...257), description: "owner/name"),
                .init(name: "query", form: .text(1...200), description: "part of title, prompt or id"),
                .init(name: "archived", form: .choice(["no", "yes", "all"]), description: "default no"),
                .limit(50, default: 20), .cursor,
            ], output: "sessions:array next_cursor?:string", effect: .reads(asksJules: false)),
        Tool(
            name: .getSession, title: "Read a session",
            description:
                "Reads one session: state, prompt, last message, plan id, pull request. refresh asks Jules first.",
            parameters: [.session(), .init(name: "refresh", form: .flag)],
            output: """
                id:string title:string state:string repo:string branch?:string why?:string since?:string updated_at:string \
                url:string pr_url?:string prompt:string last_message?:object plan_id?:string files_changed?:integer \
                agent_silent_minutes?:integer truncated:boolean
                """, effect: .reads(asksJules: true)),
        Tool(
            name: .getPlan, title: "Read a plan",
            description: """
                Reads the newest plan of a session, step by step. approve_plan needs its plan_id. A plan cannot be rejected: \
                send_message asks for another.
                """,
            parameters: [.session()],
            output: "plan_id:string created_at:string approved:boolean newest:boolean steps:array truncated:boolean",
            effect: .reads(asksJules: true)),
        Tool(
            name: .approvePlan, title: "Approve a plan",
            description: """
                Approves the plan with this id, so that Jules starts to work. Ask the person first. Read the plan with get_plan; \
                a newer plan is refused. A plan cannot be rejected: send_message asks for another.
                """,
            parameters: [
                .session(),
                .init(name: "plan_id", form: .text(1...128), isRequired: true, description: "from get_plan"),
            ], output: "session_id:string state:string outcome:string feed:string",
            effect: .writes(isDestructive: true, isIdempotent: true), needsPerson: true),
        Tool(
            name: .sendMessage, title: "Send a message",
            description: """
                Sends the session's agent a message: an answer, a correction, a wish for another plan. If outcome is \
                accepted_unconfirmed, look at list_activities before sending again.
                """,
            parameters: [.session(), .init(name: "message", form: .text(1...20_000), isRequired: true)],
            output: "session_id:string state:string outcome:string feed:string",
            effect: .writes(isDestructive: false, isIdempotent: false)),
        Tool(
            name: .createSession, title: "Create a session",
            description: """
                Gives Jules a task in a repository. Unless require_plan_approval is false, its plan waits for approval; unless \
                auto_create_pr is true, no pull request is made. Then call wait_for_attention with the feed. If outcome is \
                accepted_unconfirmed, look at list_sessions before creating it again. With queue it waits until the account's \
                limits have room: outcome is queued, and the session shows once it has begun.
                """,
            parameters: [
                .init(name: "prompt", form: .text(1...100_000), isRequired: true),
                .init(name: "repo", form: .text(1...257), isRequired: true, description: "owner/name"),
                .init(name: "branch", form: .text(1...1000), description: "default: the repository's"),
                .init(name: "title", form: .text(1...500)),
                .init(name: "require_plan_approval", form: .flag, description: "default true"),
                .init(name: "auto_create_pr", form: .flag, description: "default false"),
                .init(name: "queue", form: .flag, description: "default false"),
                .init(
                    name: "priority", form: .number(QueueEntry.priorities),
                    description: "in the queue, higher ones first; default 0"),
                .init(name: "idempotency_key", form: .text(1...255), description: "the same key creates one session"),
            ], output: "session?:object queued?:object outcome:string feed:string",
            effect: .writes(isDestructive: false, isIdempotent: false)),
        Tool(
            name: .listActivities, title: "List activities",
            description:
                "Lists what happened in a session, each text cut to 300 characters; get_activity has the rest.",
            parameters: [
                .session(), .init(name: "after", form: .text(1...200), description: "next_cursor or an activity id"),
                .init(
                    name: "kinds", form: .texts(10),
                    description: Activity.Kind.allCases.map(\.rawValue).joined(separator: ", ")),
                .init(name: "newest_first", form: .flag, description: "default true"), .limit(50, default: 20),
            ], output: "activities:array next_cursor?:string", effect: .reads(asksJules: true)),
        Tool(
            name: .getActivity, title: "Read an activity",
            description: "Reads one activity's whole text, part by part: next_offset is the offset of the next part.",
            parameters: [
                .session(), .init(name: "activity_id", form: .text(1...200), isRequired: true),
                .init(name: "offset", form: .number(0...100_000_000)),
            ], output: "id:string at:string from:string kind:string text:string next_offset?:integer",
            effect: .reads(asksJules: true)),
        Tool(
            name: .getChanges, title: "List changed files",
            description: "Lists the files that a session's newest patch changes, at most 200; get_diff has the patch.",
            parameters: [.session()],
            output: "base_commit:string pr_url?:string commit_message?:string files:array truncated:boolean",
            effect: .reads(asksJules: true)),
        Tool(
            name: .getDiff, title: "Read the patch",
            description: """
                Reads a session's newest patch for git apply, of all files or of path. A long one comes in parts: pass \
                next_cursor as cursor. If cut_in_hunk is true, join the parts before applying them.
                """,
            parameters: [
                .session(), .init(name: "path", form: .text(1...4096)), .cursor,
                .init(name: "max_chars", form: .number(500...20_000), description: "default 12000"),
            ], output: "base_commit:string part:string next_cursor?:string total_chars:integer cut_in_hunk:boolean",
            effect: .reads(asksJules: true)),
        Tool(
            name: .listRepositories, title: "List repositories",
            description: "Lists the repositories that Jules can work in.",
            parameters: [
                .init(name: "query", form: .text(1...200), description: "part of the name"), .limit(100, default: 50),
                .cursor,
            ],
            output: "repositories:array next_cursor?:string", effect: .reads(asksJules: true)),
        Tool(
            name: .archiveSession, title: "Archive a session",
            description:
                "Archives a session, or takes it back. Archiving stops a session that is at work. Ask the person first.",
            parameters: [.session(), .init(name: "archived", form: .flag, isRequired: true)],
            output: "session:object feed:string", effect: .writes(isDestructive: true, isIdempotent: true)),
    ]

    /// The tools that a client may call.
    static func offered(_ access: MCPAccess) -> [Tool] { all.filter { access == .full || !$0.isWriting } }

    /// The name of a tool call in limits and metrics: the tool's name, or `other`.
    static func label(_ name: String?) -> String { name.flatMap(Name.init(rawValue:))?.rawValue ?? "other" }
}

extension Parameter {
    fileprivate static let cursor = Parameter(
        name: "cursor", form: .text(1...300), description: "next_cursor of the last answer")

    fileprivate static func session(isRequired: Bool = true) -> Parameter {
        Parameter(
            name: "session_id", form: .text(1...200), isRequired: isRequired,
            description: "123, sessions/123 or the page's address")
    }

    fileprivate static func limit(_ most: Int, default: Int) -> Parameter {
        Parameter(name: "limit", form: .number(1...most), description: "default \(`default`)")
    }
}
