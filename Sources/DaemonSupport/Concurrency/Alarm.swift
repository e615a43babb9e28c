// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A pause that somebody else can cut short.
public final class Alarm: Sendable {
    private enum State {
        case idle
        /// Ends the present pause, or the next one where nobody sleeps.
        case rung
        case sleeping(Task<Void, any Error>)
    }

    private let state = Mutex(State.idle)

    /// An alarm that has not rung.
    public init() {}

    /// Waits for `pause`, or until the alarm rings or the task is cancelled; true where it rang. One task may wait at a time.
    public func sleep(_ pause: Duration) async -> Bool {
        let sleeper = Task { try await Task.sleep(for: pause) }
        let rung = state.withLock { state in
            defer { state = .sleeping(sleeper) }
            if case .rung = state { return true } else { return false }
        }
        if rung { ring() }
        await withTaskCancellationHandler {
            _ = try? await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        return state.withLock { state in
            defer { state = .idle }
            if case .rung = state { return true } else { return false }
        }
    }

    /// Ends the present pause, or the next one where nobody sleeps.
    public func ring() {
        let sleeper = state.withLock { state -> Task<Void, any Error>? in
            defer { state = .rung }
            if case .sleeping(let sleeper) = state { return sleeper } else { return nil }
        }
        sleeper?.cancel()
    }
}
