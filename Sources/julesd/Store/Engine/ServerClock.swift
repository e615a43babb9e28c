// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The clock of the server that holds the store, so that instances on several machines agree about waits and ages.
///
/// Between two readings it follows this machine's monotonic clock. The next server's clock may be behind, for example after a standby was
/// promoted. Then this clock neither goes back nor stands still.
final class ServerClock: Sendable {
    private struct State {
        /// The server's time minus the monotonic time.
        var offset: Duration
        var isHeard = false
    }

    /// A server that is behind by more has another clock. Less is an error of measurement.
    static let tolerance = Duration.seconds(1)

    private let state: Mutex<State>

    /// A clock that shows this machine's time until the server is heard.
    init() { state = Mutex(State(offset: .nanoseconds(Timestamp.now.nanoseconds) - .monotonic)) }

    /// Takes over the server's time.
    ///
    /// - Parameters:
    ///   - last: the time of the store's last transaction; `nil` in a new store.
    ///   - elapsed: the monotonic time.
    func note(_ time: Timestamp, after last: Timestamp?, at elapsed: Duration = .monotonic) {
        let offset = .nanoseconds(max(time.nanoseconds, last?.nanoseconds ?? .min)) - elapsed
        state.withLock { state in
            guard !state.isHeard || state.offset - offset < Self.tolerance else { return }
            state = State(offset: offset, isHeard: true)
        }
    }

    var now: Timestamp { now(at: .monotonic) }

    /// - Parameter elapsed: the monotonic time.
    func now(at elapsed: Duration) -> Timestamp {
        Timestamp(nanoseconds: (elapsed + state.withLock(\.offset)).nanoseconds)
    }

    /// The same time as both clocks of the kernel, so that a ``SteadyClock`` shows it.
    func reading() -> ClockReading {
        let now = now
        return ClockReading(wall: now, sinceBoot: .nanoseconds(now.nanoseconds))
    }
}
