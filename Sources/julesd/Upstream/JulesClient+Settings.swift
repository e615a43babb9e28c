// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Wording

extension JulesClient {
    /// The client for these settings, with a transport of its own that ends with its last request.
    init(_ settings: Settings, observer: @escaping Observer = { _, _, _ in }) {
        self.init(
            http: HTTPClient(
                caFile: settings.caFile, proxies: settings.proxies,
                userAgent: "julesd/\(programVersion)", maxConnectionsPerHost: RequestQueue.places + 1),
            base: settings.julesAPIBase.text, key: settings.julesAPIKey?.reveal(), timeout: settings.upstreamTimeout,
            observer: observer)
    }
}
