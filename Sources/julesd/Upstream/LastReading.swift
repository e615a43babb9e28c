// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The age of our copy of the account's newest sessions.
final class LastReading: Sendable {
    private let asked = Mutex<Duration?>(nil)

    /// Records that the newest sessions have been stored whose request began at `time`, on the monotonic clock.
    func note(askedAt time: Duration) { asked.withLock { $0 = max($0 ?? time, time) } }

    /// The time since the request for the sessions in the copy; `nil` before the first read after the start.
    var age: Duration? { asked.withLock(\.self).map { .monotonic - $0 } }
}
