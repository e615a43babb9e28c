// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Which request each new session or message is the outcome of: no two requests may take the same one for theirs.
final class OutcomeClaims: Sendable {
    /// How long a claim is kept: as long as a request can be made again under its key.
    static let memory = KeyedRequests.memory

    private let owners = Mutex<[String: (owner: String, since: Duration)]>([:])

    /// Takes what has this name for `owner`; false if it is another's.
    func claim(_ name: String, for owner: String, at now: Duration = .monotonic) -> Bool {
        owners.withLock { owners in
            owners = owners.filter { now - $0.value.since < Self.memory }
            if let claim = owners[name] { return claim.owner == owner }
            owners[name] = (owner, now)
            return true
        }
    }

    /// How many claims are kept.
    var count: Int { owners.withLock(\.count) }
}
