// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// Whether the daemon runs, and whether it can work.
struct HealthRoutes: Sendable {
    let probe: UpstreamProbe
    let health: UpstreamHealth
    let instances: Instances

    var routes: [Route] {
        [
            Route(.GET, "/healthz") { _ in .json(.ok, Array(#"{"status":"ok"}"#.utf8)) },
            Route(.GET, "/readyz", ready),
        ]
    }

    @Sendable private func ready(_ request: RouteRequest) async -> HTTPResponse {
        if let since = instances.awaySince {
            return .json(
                .serviceUnavailable,
                (["status": "degraded", "reason": "PostgreSQL cannot be reached", "since": .string(since.rfc3339)]
                    as JSON).bytes)
        }
        let answer = await probe.ask()
        var body = JSONObject()
        if let trouble = answer.trouble {
            let since = health.status.trouble?.since ?? answer.at
            body["status"] = "degraded"
            body["reason"] = .string("\(trouble)")
            body["since"] = .string(since.rfc3339)
        } else {
            body["status"] = "ok"
        }
        body["checkedAt"] = .string(answer.at.rfc3339)
        if answer.stale { body["stale"] = true }
        return .json(answer.trouble == nil ? .ok : .serviceUnavailable, JSON.object(body).bytes)
    }
}
