// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Answered lists of sessions, kept as long as the store stands where it stood when they were read.
final class SessionListCache: Sendable {
    private struct State {
        var position: StorePosition?
        var bodies: [SessionQuery: SharedBody] = [:]
        var size = 0
    }

    /// How many bytes of bodies are kept at most, their compressed forms not counted.
    static let capacity = 2 << 20

    private let state = Mutex(State())

    /// What `query` was answered at `position`.
    func body(of query: SessionQuery, at position: StorePosition) -> SharedBody? {
        state.withLock { $0.position == position ? $0.bodies[query] : nil }
    }

    /// Keeps an answer that was read after the store had been at `position`.
    func keep(_ body: SharedBody, of query: SessionQuery, at position: StorePosition) {
        let size = body.length
        state.withLock { state in
            if state.position != position || state.size + size > Self.capacity { state = State(position: position) }
            guard size <= Self.capacity, state.bodies[query] == nil else { return }
            state.bodies[query] = body
            state.size += size
        }
    }
}
