// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the client of a request is still connected.
///
/// A client that has closed only its sending side counts as gone, because a client that has given up looks the same
/// (shutdown(2)).
public final class ClientPresence: Sendable {
    private struct State {
        var hasLeft = false
        var actions: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// The presence of a connected client.
    public init() {}

    /// Whether the client has gone.
    public var hasLeft: Bool { state.withLock(\.hasLeft) }

    /// Calls `action` once when the client goes, or at once if it has gone already.
    public func whenLeft(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.hasLeft { state.actions.append(action) }
            return state.hasLeft
        }
        if isLate { action() }
    }

    /// Records that the client has gone, and calls the actions.
    public func leave() {
        let actions = state.withLock { state in
            state.hasLeft = true
            defer { state.actions = [] }
            return state.actions
        }
        for action in actions { action() }
    }
}
