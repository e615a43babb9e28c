// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The sessions that connected clients follow by id.
final class FollowedSessions: Sendable {
    private let followers = Mutex<[String: Int]>([:])

    var ids: Set<String> { followers.withLock { Set($0.keys) } }

    /// Counts a client of these sessions until `gone` completes.
    func add(_ sessions: Set<String>, until gone: EventLoopFuture<Void>) {
        followers.withLock { followers in
            for id in sessions { followers[id, default: 0] += 1 }
        }
        gone.whenComplete { [self] _ in
            followers.withLock { followers in
                for id in sessions {
                    let left = followers[id, default: 1] - 1
                    followers[id] = left > 0 ? left : nil
                }
            }
        }
    }
}
