// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The sessions about which something has changed since the rules looked at them. Told from any thread; never blocks.
final class TouchedSessions: Sendable {
    let signal = WakeSignal()
    private let ids = Mutex<Set<String>>([])
    private let isWanted = Mutex(false)

    /// Takes note of sessions, as long as anybody looks.
    func note(_ sessions: some Sequence<String>) {
        guard isWanted.withLock({ $0 }) else { return }
        add(sessions)
        signal.wake()
    }

    /// Adds sessions for whoever looks already.
    func add(_ sessions: some Sequence<String>) { ids.withLock { $0.formUnion(sessions) } }

    /// Whether anybody looks: without rules nothing is kept.
    func want(_ wanted: Bool) {
        isWanted.withLock { $0 = wanted }
        if !wanted { ids.withLock { $0 = [] } }
    }

    /// Takes one of them.
    func next() -> String? { ids.withLock { $0.popFirst() } }
}
