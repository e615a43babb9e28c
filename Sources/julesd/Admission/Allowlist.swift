// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Which client addresses are let in.
struct Allowlist: Sendable, Equatable {
    /// Empty means loopback only.
    let networks: AddressList

    /// Whether a client is let in; `nil` stands for a Unix socket, which is always exempt.
    func admits(_ client: IPAddress?) -> Bool {
        guard let client else { return true }
        return networks.isEmpty ? client.isLoopback : networks.contains(client)
    }
}
