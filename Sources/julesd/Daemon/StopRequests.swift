// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The orders to stop: the first one begins the end, the second one cuts it short.
final class StopRequests: Sendable {
    private let first = AsyncStream.makeStream(of: Never.self)
    private let second = AsyncStream.makeStream(of: Never.self)
    private let count = Mutex(0)

    /// Takes one order.
    func note() {
        let count = count.withLock { count in
            count += 1
            return count
        }
        (count == 1 ? first : second).continuation.finish()
    }

    /// Returns once the first order has come, or the task is cancelled.
    func awaitFirst() async { for await _ in first.stream {} }

    /// Returns once the second order has come, or the task is cancelled.
    func awaitSecond() async { for await _ in second.stream {} }
}
