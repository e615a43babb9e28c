// SPDX-License-Identifier: Apache-2.0

import Glibc

extension PeerCredentials {
    /// The identity of the process that connected to the Unix socket `descriptor`, at the time of the connect.
    ///
    /// `nil` if the kernel does not report it, which does not happen for a connected Unix socket.
    init?(socket descriptor: CInt) {
        // struct ucred of unix(7): pid, uid and gid. glibc declares it only with _GNU_SOURCE.
        var credentials: (pid: pid_t, uid: uid_t, gid: gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        var groups: [gid_t] = []
        // While the buffer is too small, SO_PEERGROUPS fails with ERANGE and sets the size that it needs.
        size = 0
        while getsockopt(descriptor, SOL_SOCKET, soPeerGroups, &groups, &size) != 0 {
            guard errno == ERANGE else { return nil }
            groups = Array(repeating: 0, count: Int(size) / MemoryLayout<gid_t>.size)
        }
        groups.removeLast(groups.count - Int(size) / MemoryLayout<gid_t>.size)
        self.init(uid: credentials.uid, gids: Set(groups).union([credentials.gid]))
    }
}

/// SO_PEERGROUPS from asm-generic/socket.h. It is a macro that Swift does not import everywhere.
private let soPeerGroups: CInt = 59
