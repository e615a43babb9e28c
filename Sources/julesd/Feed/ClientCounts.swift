// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// A channel on which changes are pushed.
enum PushChannel: Sendable {
    case webSocket, eventStream
}

/// How many clients follow over each channel at present.
final class ClientCounts: Sendable {
    private let counts = Mutex<[PushChannel: Int]>([:])

    subscript(channel: PushChannel) -> Int { counts.withLock { $0[channel, default: 0] } }

    /// Counts a client until `gone` completes.
    func add(_ channel: PushChannel, until gone: EventLoopFuture<Void>) {
        counts.withLock { $0[channel, default: 0] += 1 }
        gone.whenComplete { [self] _ in counts.withLock { $0[channel, default: 0] -= 1 } }
    }
}
