// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// One action on many sessions.
struct BulkRoutes: Sendable {
    let store: SessionStore
    let actions: SessionActions
    var limit = BulkRoutes.limit

    /// How long an answer may take. Sessions that have not begun by then are reported as not reached.
    static let limit = Duration.seconds(30)
    /// How many sessions one request may name.
    static let mostSessions = 500
    /// How many sessions are handled at once: fewer than the requests that may go to the API at once, so that polling
    /// continues.
    static let concurrency = 3

    var routes: [Route] { [Route(.POST, "/api/sessions/bulk", run)] }

    enum Action: Sendable {
        case archive, unarchive, delete, acknowledge
    }

    @Sendable private func run(_ request: RouteRequest) async throws -> HTTPResponse {
        var body = try RequestBody(request.request)
        let action = body.choice(
            "action", required: true,
            [
                "archive": Action.archive, "unarchive": .unarchive, "delete": .delete, "acknowledge": .acknowledge,
            ])
        let ids = body.strings("ids", count: 1...Self.mostSessions)
        try body.finish()
        guard let action, let ids else { throw RequestError.internalError }
        let problems = await work(action, ids)
        var answer = Array(#"{"results":["#.utf8)
        answer.append(list: ids.lazy.map { id in Self.result(id, problems[id] ?? nil).bytes })
        answer.append(contentsOf: "]}".utf8)
        return .json(.ok, answer)
    }

    /// Applies `action` to each session once. Returns the error of each, or `nil` if there was none.
    private func work(_ action: Action, _ ids: [String]) async -> [String: RequestError?] {
        let deadline = Duration.monotonic + limit
        var seen: Set<String> = []
        let waiting = ids.filter { seen.insert($0).inserted }
        return await withTaskGroup(of: (String, RequestError?).self) { group in
            var results: [String: RequestError?] = [:]
            for (index, id) in waiting.enumerated() {
                if index >= Self.concurrency, let (id, problem) = await group.next() { results[id] = problem }
                group.addTask { (id, await attempt(action, id, until: deadline)) }
            }
            for await (id, problem) in group { results[id] = problem }
            return results
        }
    }

    /// Applies `action` to one session as soon as the budget allows it. Returns the error; `nil` if there was none.
    private func attempt(_ action: Action, _ id: String, until deadline: Duration) async -> RequestError? {
        while true {
            guard .monotonic < deadline, !Task.isCancelled else { return .notReached }
            do {
                try await perform(action, id)
                return nil
            } catch UpstreamError.throttled(let retryAfter) {
                // Nothing was sent, or nothing was done: the budget is used up, or the API asks for a pause.
                let pause = max(retryAfter ?? .seconds(1), .milliseconds(100))
                guard .monotonic + pause < deadline else { return .notReached }
                try? await Task.sleep(for: pause)
            } catch {
                return RequestError(any: error) ?? .internalError
            }
        }
    }

    private func perform(_ action: Action, _ id: String) async throws {
        if action == .acknowledge { return try await store.acknowledge(id).requireItem(of: id) }
        switch action {
        case .archive, .unarchive: _ = try await actions.setArchived(action == .archive, id)
        case .delete: try await actions.delete(id)
        case .acknowledge: break
        }
    }

    private static func result(_ id: String, _ problem: RequestError?) -> JSON {
        guard let problem else { return ["id": .string(id), "ok": true] }
        var object = JSONObject([
            .init(name: "id", value: .string(id)), .init(name: "ok", value: false),
            .init(name: "error", value: .string(problem.code)),
            .init(name: "message", value: .string(problem.message)),
        ])
        object.members += problem.members.filter { $0.name == "retry" }
        return .object(object)
    }
}

extension RequestError {
    fileprivate static let notReached = RequestError(
        .serviceUnavailable, "overloaded", "The time was over before this session's turn came.",
        members: [.init(name: "retry", value: true)])
}
