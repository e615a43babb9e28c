// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// Answers to lists of sessions. They are kept until the store changes.
final class SessionListCache: Sendable {
    private struct State {
        var position: StorePosition?
        var bodies: [SessionQuery: SharedBody] = [:]
        var size = 0
    }

    /// The most bytes of bodies that are kept, without their compressed forms.
    static let capacity = 2 << 20

    private let state = Mutex(State())

    /// The answer to `query` at `position`; `nil` if there is none.
    func body(of query: SessionQuery, at position: StorePosition) -> SharedBody? {
        state.withLock { $0.position == position ? $0.bodies[query] : nil }
    }

    /// Keeps an answer. `position` is the position of the store before the answer was read.
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
