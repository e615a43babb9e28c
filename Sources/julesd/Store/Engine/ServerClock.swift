// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The clock of the server that holds the store, so that instances on several machines agree about waits and ages.
///
/// Between two readings it follows this machine's monotonic clock. It never goes back behind the store's last transaction: the
/// next server's clock may be behind.
final class ServerClock: Sendable {
    /// The server's time minus the monotonic time.
    private let offset: Mutex<Duration>

    /// A clock that shows this machine's time until the server is heard.
    init() { offset = Mutex(.nanoseconds(Timestamp.now.nanoseconds) - .monotonic) }

    /// Takes over the server's time.
    ///
    /// - Parameter last: the time of the store's last transaction; `nil` in a new store.
    func note(_ time: Timestamp, after last: Timestamp?) {
        let latest = max(time.nanoseconds, last?.nanoseconds ?? .min)
        offset.withLock { $0 = .nanoseconds(latest) - .monotonic }
    }

    var now: Timestamp { Timestamp(nanoseconds: (.monotonic + offset.withLock(\.self)).nanoseconds) }

    /// The same time as both clocks of the kernel, so that a ``SteadyClock`` shows it.
    func reading() -> ClockReading {
        let now = now
        return ClockReading(wall: now, sinceBoot: .nanoseconds(now.nanoseconds))
    }
}
