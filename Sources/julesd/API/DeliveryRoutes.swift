// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// Webhook deliveries: sent, pending and given up.
struct DeliveryRoutes: Sendable {
    let webhooks: Webhooks

    var routes: [Route] {
        [
            Route(.GET, "/api/deliveries", list),
            Route(.POST, "/api/deliveries/{id}/retry", retry),
        ]
    }

    @Sendable private func list(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        let state =
            query.choice("state", ["pending": .pending, "delivered": .delivered, "dead": .dead]) as Delivery.State?
        let limit = query.integer("limit", 1...500) ?? 100
        let before = query.cursor { Int64($0) }
        try query.finish()
        let page = try await webhooks.outbox.deliveries(in: state, before: before, limit: limit)
        var body = Array(#"{"deliveries":["#.utf8)
        body.append(list: page.deliveries.lazy.map(\.json.bytes))
        body.append(contentsOf: "]".utf8)
        if let next = page.next { body.append(member: "nextCursor", .string(String(next))) }
        body.append(UInt8(ascii: "}"))
        return .json(.ok, body).tagged
    }

    @Sendable private func retry(_ request: RouteRequest) async throws -> HTTPResponse {
        var body = try RequestBody(request.request)
        try body.finish()
        let id = request.parameters["id"] ?? ""
        switch try await webhooks.outbox.retry(id) {
        case nil: throw RequestError.notFound("delivery \(id)")
        case .alreadyDelivered: throw RequestError.conflict("The endpoint has taken this delivery already.")
        case .noEndpoint:
            throw RequestError.conflict(
                "The endpoint of this delivery is not in NOTIFY_WEBHOOK, or has answered 410 since the last reload.")
        case .accepted: break
        }
        let delivery = try await webhooks.outbox.delivery(id)
        webhooks.wake()
        guard let delivery else { throw RequestError.notFound("delivery \(id)") }
        return .json(.ok, delivery.json.bytes)
    }
}

extension Delivery {
    /// The delivery in the form of the API.
    fileprivate var json: JSON {
        let time = { (time: Timestamp?) in time.map { JSON.string($0.rfc3339) } ?? .null }
        return [
            "id": .string(id), "seq": JSON(seq), "sessionId": .string(sessionID), "endpoint": .string(endpoint),
            "state": .string(state.rawValue), "attempts": JSON(attempts),
            "lastStatus": lastStatus.map { JSON($0) } ?? .null, "lastError": lastError.map { .string($0) } ?? .null,
            "nextAttemptAt": time(nextAttempt), "createdAt": time(created), "deliveredAt": time(delivered),
        ]
    }
}
