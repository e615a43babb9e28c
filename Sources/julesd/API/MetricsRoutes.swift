// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The metrics for Prometheus.
struct MetricsRoutes: Sendable {
    let registry: MetricRegistry

    var routes: [Route] {
        [
            Route(.GET, "/metrics") { [registry] _ in
                HTTPResponse(
                    status: .ok, headers: ["content-type": MetricText.contentType],
                    body: .bytes(MetricText.encode(await registry.families())))
            }
        ]
    }
}
