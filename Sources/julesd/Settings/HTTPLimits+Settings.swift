// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore

extension HTTPLimits {
    /// The limits in the settings; the others keep the server's defaults.
    init(_ settings: Settings) {
        self.init()
        maximumConnections = settings.maxConnections
        maximumConnectionsPerClient = settings.maxConnectionsPerClient
        let proxies = settings.trustedProxies
        isExemptFromClientLimit = { $0.isLoopback || proxies.contains($0) }
        headerTimeout = TimeAmount(settings.headerTimeout)
        bodyTimeout = TimeAmount(settings.bodyTimeout)
        writeTimeout = TimeAmount(settings.writeTimeout)
        idleTimeout = TimeAmount(settings.idleTimeout)
    }
}
