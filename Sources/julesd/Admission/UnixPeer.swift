// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Decides which peers of the Unix socket need no token.
struct UnixPeer: Sendable, Equatable {
    /// The daemon's own group.
    let group: UInt32

    /// Whether the peer is root or a member of the daemon's group. The kernel's numbers decide, because a look-up of names
    /// could block, and somebody could change its result.
    func trusts(_ peer: PeerCredentials) -> Bool { peer.uid == 0 || peer.gids.contains(group) }
}
