// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Runs tools, on the same store and through the same actions as the API's routes.
struct ToolCalls: Sendable {
    let store: SessionStore
    let actions: SessionActions
    let queue: TaskQueue
    let feed: ChangeFeed
    let access: @Sendable () -> MCPAccess
    /// The meaning of an error for the client, as a sentence; `nil` if it is a bug in the daemon.
    let explain: @Sendable (any Error) -> String?

    /// The longest time that a waiting call lasts. Many clients give up after 60 s.
    static let longestWait = Duration.seconds(50)

    /// The result of a call.
    struct Answer: Sendable {
        var data: JSONObject
        /// The member that is shown unchanged, before the others; `nil` if all members are shown as JSON.
        var plain: String?

        /// The same result for clients that read only texts.
        var texts: [String] {
            guard let plain, let text = data[plain]?.string else { return [JSON.object(data).description] }
            return [text, JSON.object(JSONObject(data.members.filter { $0.name != plain })).description]
        }
    }

    var offered: [Tool] { Tool.offered(access()) }

    /// The tool with this name, if clients may call it.
    func tool(_ name: String) -> Tool? { offered.first { $0.name.rawValue == name } }

    /// Calls a tool.
    ///
    /// - Throws: `ToolError` with a text for the model; any other error is a bug in the daemon.
    func call(
        _ tool: Tool, _ arguments: ToolArguments, longestWait: Duration = Self.longestWait,
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> Answer {
        do {
            var answer = try await run(tool.name, arguments, longestWait, progress)
            answer.data["attention"] = try await attention()
            return answer
        } catch let error as ToolError {
            throw error
        } catch {
            guard let sentence = explain(error) else { throw error }
            throw ToolError(sentence)
        }
    }

    private func run(
        _ name: Tool.Name, _ arguments: ToolArguments, _ longestWait: Duration, _ progress: @Sendable (Int) -> Void
    ) async throws -> Answer {
        switch name {
        case .listAttention: Answer(data: try await listAttention(arguments))
        case .waitForAttention: Answer(data: try await waitForAttention(arguments, longestWait, progress))
        case .listSessions: Answer(data: try await listSessions(arguments))
        case .getSession: Answer(data: try await getSession(arguments))
        case .getPlan: Answer(data: try await getPlan(arguments))
        case .approvePlan: Answer(data: try await approvePlan(arguments))
        case .sendMessage: Answer(data: try await sendMessage(arguments))
        case .createSession: Answer(data: try await createSession(arguments))
        case .listActivities: Answer(data: try await listActivities(arguments))
        case .getActivity: try await getActivity(arguments)
        case .getChanges: Answer(data: try await getChanges(arguments))
        case .getDiff: try await getDiff(arguments)
        case .listRepositories: Answer(data: try await listRepositories(arguments))
        case .archiveSession: Answer(data: try await archiveSession(arguments))
        }
    }

    /// A summary of what waits for a person. It is in every answer, so that an agent always sees it.
    func attention() async throws -> JSON {
        var query = InboxQuery()
        query.newestFirst = true
        query.limit = 3
        let newest = try await store.inbox(query).items.compactMap { item -> JSON? in
            guard let session = Session(wire: item.session) else { return nil }
            return [
                "session_id": .string(item.sessionID), "why": .string(item.entry.reason.rawValue),
                "title": .string(SessionRow(session, nil).title),
            ]
        }
        return ["waiting": JSON(try await waiting()), "newest": .array(newest)]
    }

    func waiting() async throws -> Int { try await store.inboxCounts().values.reduce(0, +) }

    var position: String { FeedPosition(store.head).text }
}
