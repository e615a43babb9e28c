// SPDX-License-Identifier: Apache-2.0

import Glibc

extension PeerCredentials {
    /// The identity of the process that connected the Unix socket `descriptor`, as it was at that moment.
    ///
    /// `nil` where the kernel does not tell, which for a connected Unix socket does not happen.
    init?(socket descriptor: CInt) {
        // struct ucred of unix(7): pid, uid and gid. glibc declares it for _GNU_SOURCE only.
        var credentials: (pid: pid_t, uid: uid_t, gid: gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        var groups: [gid_t] = []
        // SO_PEERGROUPS fails with ERANGE, and says how many bytes it needs, while the room is too small.
        size = 0
        while getsockopt(descriptor, SOL_SOCKET, soPeerGroups, &groups, &size) != 0 {
            guard errno == ERANGE else { return nil }
            groups = Array(repeating: 0, count: Int(size) / MemoryLayout<gid_t>.size)
        }
        groups.removeLast(groups.count - Int(size) / MemoryLayout<gid_t>.size)
        self.init(uid: credentials.uid, gids: Set(groups).union([credentials.gid]))
    }
}

/// SO_PEERGROUPS of asm-generic/socket.h, which glibc's headers pass on as a macro that Swift does not see everywhere.
private let soPeerGroups: CInt = 59
