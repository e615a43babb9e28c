// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Records of which request each new session or message is the outcome: no two requests may claim the same one.
final class OutcomeClaims: Sendable {
    /// How long a claim is kept: as long as a request can be repeated under its key.
    static let memory = KeyedRequests.memory

    private let owners = Mutex<[String: (owner: String, since: Duration)]>([:])

    /// Claims the session or message of this name for `owner`. Returns `false` if another owner has claimed it.
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
