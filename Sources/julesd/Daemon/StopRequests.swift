// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The orders to stop. The first one begins an orderly stop, the second one ends it early.
final class StopRequests: Sendable {
    private let first = AsyncStream.makeStream(of: Never.self)
    private let second = AsyncStream.makeStream(of: Never.self)
    private let count = Mutex(0)

    /// Counts one order.
    func note() {
        let count = count.withLock { count in
            count += 1
            return count
        }
        (count == 1 ? first : second).continuation.finish()
    }

    /// Returns when the first order has come, or the task is cancelled.
    func awaitFirst() async { for await _ in first.stream {} }

    /// Returns when the second order has come, or the task is cancelled.
    func awaitSecond() async { for await _ in second.stream {} }
}
