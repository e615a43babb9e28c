// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Wording

/// The state of the daemon, in one answer.
struct StatusRoutes: Sendable {
    let store: SessionStore
    let instances: Instances
    let health: UpstreamHealth
    let gate: UpstreamGate
    let feed: ChangeFeed
    let outbox: Outbox
    let startedAt: Timestamp

    var routes: [Route] { [Route(.GET, "/api/status", status)] }

    @Sendable private func status(_ request: RouteRequest) async throws -> HTTPResponse {
        var query = RequestQuery(request.request)
        try query.finish()
        let head = store.head
        let budget = gate.budgetState
        let deliveries = try await outbox.counts()
        let file = try await store.size()
        let day = store.wallNow.advanced(by: .seconds(-86_400))
        let json: JSON = [
            "version": .string(programVersion), "epoch": .string(head.epoch), "seq": JSON(head.seq),
            "startedAt": .string(startedAt.rfc3339),
            "instance": .string(instances.name), "leader": instances.leader.map(JSON.string) ?? .null,
            "upstream": upstream,
            "budget": ["limit": JSON(budget.limit), "remaining": JSON(budget.remaining)],
            "sessions": counts(try await store.countsByState().map { ($0.name, $1) }),
            "inbox": counts(try await store.inboxCounts().map { ($0.rawValue, $1) }),
            "clients": [
                "websocket": JSON(feed.clientCount(over: .webSocket)),
                "events": JSON(feed.clientCount(over: .eventStream)),
            ],
            "webhooks": ["pending": JSON(deliveries.pending), "dead": JSON(deliveries.dead)],
            "store": ["kind": .string(file.kind), "bytes": JSON(file.bytes)],
            "created24h": JSON(try await store.sessionCount(createdAfter: day)),
        ]
        return .json(.ok, json.bytes)
    }

    private var upstream: JSON {
        let status = health.status
        let since = status.trouble?.since ?? status.goodSince ?? startedAt
        var object = JSONObject([
            .init(name: "state", value: .string(status.state)), .init(name: "since", value: .string(since.rfc3339)),
            .init(name: "lastAnswer", value: status.lastSuccess.map { .string($0.rfc3339) } ?? .null),
        ])
        if let trouble = status.trouble {
            object["reason"] = .string("\(trouble.error)")
        } else if status.lastSuccess == nil {
            object["reason"] = "Jules has not answered yet"
        }
        return .object(object)
    }

    private func counts(_ pairs: [(String, Int)]) -> JSON {
        .object(JSONObject(pairs.sorted { $0.0 < $1.0 }.map { .init(name: $0.0, value: JSON($0.1)) }))
    }
}

extension UpstreamHealth.Status {
    /// `ok`, `degraded` or `refused`.
    fileprivate var state: String {
        switch trouble?.error {
        case .keyRejected?, .otherAccount?: "refused"
        case .some: "degraded"
        case nil: lastSuccess == nil ? "degraded" : "ok"
        }
    }
}
