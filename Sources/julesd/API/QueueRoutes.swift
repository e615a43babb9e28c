// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The queue of tasks, and the limits of the account.
struct QueueRoutes: Sendable {
    let queue: TaskQueue

    var routes: [Route] {
        [
            Route(.GET, "/api/queue", list), Route(.GET, "/api/queue/{id}", show),
            Route(.PATCH, "/api/queue/{id}", change), Route(.DELETE, "/api/queue/{id}", cancel),
            Route(.GET, "/api/quota", quota),
        ]
    }

    /// Adds the session of a `POST /api/sessions` to the queue.
    func add(_ wanted: NewSession, _ priority: Int, _ request: RouteRequest) async throws -> HTTPResponse {
        let id = try await queue.add(wanted, priority: priority, under: try request.idempotencyKey("queue"))
        var response = HTTPResponse.json(.accepted, try await json(of: id).bytes)
        response.headers.add(name: "location", value: "/api/queue/\(id)")
        return response
    }

    @Sendable private func list(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        try query.finish()
        let entries = try await queue.waiting().map(\.json) + queue.ended().map(\.json)
        var answer = JSONObject([.init(name: "entries", value: .array(entries.map(JSON.object)))])
        if let held = queue.held {
            answer["held"] = ["reason": .string(held.reason), "until": .string(held.until.rfc3339)]
        }
        return .json(.ok, JSON.object(answer).bytes).tagged
    }

    @Sendable private func show(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        try query.finish()
        return .json(.ok, try await json(of: request.queueEntryID).bytes).tagged
    }

    @Sendable private func change(_ request: RouteRequest) async throws -> HTTPResponse {
        var body = try RequestBody(request.request)
        let priority = body.integer("priority", required: true, QueueEntry.priorities)
        try body.finish()
        let id = request.queueEntryID
        try await waiting(id) { try await queue.setPriority(priority ?? 0, of: id) }
        return .json(.ok, try await json(of: id).bytes)
    }

    @Sendable private func cancel(_ request: RouteRequest) async throws -> HTTPResponse {
        let id = request.queueEntryID
        try await waiting(id) { try await queue.cancel(id) }
        return HTTPResponse(status: .noContent)
    }

    @Sendable private func quota(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        try query.finish()
        return .json(.ok, try await queue.quota().json.bytes).tagged
    }

    /// The entry with this id, with its request.
    private func json(of id: String) async throws -> JSON {
        guard let entry = try await queue.store.entry(id) else {
            throw RequestError.notFound("entry \(id) in the queue")
        }
        let waiting = entry.ended == nil ? try await queue.waiting().first { $0.entry.id == id } : nil
        var json = waiting?.json ?? entry.json
        json["request"] = try await queue.store.request(of: id).map(JSON.object)
        return .object(json)
    }

    private func waiting(_ id: String, _ change: () async throws -> Void) async throws {
        do { try await change() } catch let refusal as QueueStore.EntryStateError {
            switch refusal {
            case .unknown: throw RequestError.notFound("entry \(id) in the queue")
            case .begun(let state):
                throw RequestError.conflict("The entry does not wait any more: it is \(state.rawValue).")
            }
        }
    }
}

extension RouteRequest {
    fileprivate var queueEntryID: String { parameters["id"] ?? "" }
}

extension QueueEntry {
    /// The entry in the form of the API. Members without a value are left out.
    var json: JSONObject {
        var json = JSONObject([
            .init(name: "id", value: .string(id)), .init(name: "state", value: .string(state.rawValue)),
            .init(name: "priority", value: JSON(priority)), .init(name: "queuedAt", value: .string(queued.rfc3339)),
            .init(name: "title", value: .string(title)), .init(name: "repo", value: .string(repository)),
        ])
        json["rule"] = rule.map { .string($0) }
        json["decisionId"] = decision.map { .string($0) }
        json["sessionId"] = session.map { .string($0) }
        json["detail"] = detail.map { .string($0) }
        json["endedAt"] = ended.map { .string($0.rfc3339) }
        return json
    }
}

extension TaskQueue.Waiting {
    fileprivate var json: JSONObject {
        var json = entry.json
        json["position"] = JSON(position)
        json["earliest"] = earliest.map { .string($0.rfc3339) }
        return json
    }
}

extension TaskQuota {
    fileprivate var json: JSON {
        var day = JSONObject([
            .init(name: "limit", value: JSON(limits.perDay)), .init(name: "used", value: JSON(usage.created.count)),
        ])
        day["nextFree"] = nextFree.map { .string($0.rfc3339) }
        return ["perDay": .object(day), "atOnce": ["limit": JSON(limits.atOnce), "used": JSON(usage.atOnce)]]
    }
}
