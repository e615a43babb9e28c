// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Who on the Unix socket needs no token.
struct UnixPeer: Sendable, Equatable {
    /// The daemon's own group.
    let group: UInt32

    /// Whether the peer is root or a member of the daemon's group, by the numbers that the kernel gives: a look-up of names
    /// could block, and could be changed.
    func trusts(_ peer: PeerCredentials) -> Bool { peer.uid == 0 || peer.gids.contains(group) }
}
