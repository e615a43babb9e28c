// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The sessions that have changed since the rules last checked them. May be called from any thread; never blocks.
final class TouchedSessions: Sendable {
    let signal = WakeSignal()
    private let ids = Mutex<Set<String>>([])
    private let isWanted = Mutex(false)

    /// Notes changed sessions, if there are rules.
    func note(_ sessions: some Sequence<String>) {
        guard isWanted.withLock({ $0 }) else { return }
        add(sessions)
        signal.wake()
    }

    /// Adds sessions without waking the rules.
    func add(_ sessions: some Sequence<String>) { ids.withLock { $0.formUnion(sessions) } }

    /// Whether there are rules. Without rules nothing is kept.
    func want(_ wanted: Bool) {
        isWanted.withLock { $0 = wanted }
        if !wanted { ids.withLock { $0 = [] } }
    }

    /// Removes one session and returns it.
    func next() -> String? { ids.withLock { $0.popFirst() } }
}
