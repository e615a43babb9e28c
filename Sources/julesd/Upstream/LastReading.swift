// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// How old our copy of the account's newest sessions is.
final class LastReading: Sendable {
    private let asked = Mutex<Duration?>(nil)

    /// Notes that the newest sessions have been recorded that the API was asked for at `time`, on the monotonic clock.
    func note(askedAt time: Duration) { asked.withLock { $0 = max($0 ?? time, time) } }

    /// How long ago the API was asked for what the copy shows; `nil` before the first reading since the start.
    var age: Duration? { asked.withLock(\.self).map { .monotonic - $0 } }
}
