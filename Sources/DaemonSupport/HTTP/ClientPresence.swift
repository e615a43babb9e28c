// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the client of a request is still there to take the answer.
///
/// One that has only ended its side of the connection counts as gone: a client that has given up looks the same (shutdown(2)).
public final class ClientPresence: Sendable {
    private struct State {
        var hasLeft = false
        var actions: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// A client that is there.
    public init() {}

    /// Whether the client has gone.
    public var hasLeft: Bool { state.withLock(\.hasLeft) }

    /// Calls `action` once, when the client goes; at once if it has gone.
    public func whenLeft(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.hasLeft { state.actions.append(action) }
            return state.hasLeft
        }
        if isLate { action() }
    }

    /// Notes that the client has gone.
    public func leave() {
        let actions = state.withLock { state in
            state.hasLeft = true
            defer { state.actions = [] }
            return state.actions
        }
        for action in actions { action() }
    }
}
