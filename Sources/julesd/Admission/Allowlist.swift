// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Decides which client addresses may connect (`ALLOWLIST`).
struct Allowlist: Sendable, Equatable {
    /// If empty, only loopback may connect.
    let networks: AddressList

    /// Whether a client may connect. `nil` means the Unix socket, which is always exempt.
    func admits(_ client: IPAddress?) -> Bool {
        guard let client else { return true }
        return networks.isEmpty ? client.isLoopback : networks.contains(client)
    }
}
