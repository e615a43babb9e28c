// SPDX-License-Identifier: Apache-2.0

// Dispatch sources may be used on any thread; the module does not say so yet.
@preconcurrency import Dispatch
import Synchronization

/// Ends the pauses of those who wait for something to do.
///
/// Any number of tasks may sleep at the same time, and one `wake()` ends all their pauses. A pause leaves nothing behind.
/// (`Task.sleep` leaves a task and a timer behind until its whole time is over: for one cut short every second out of an hour,
/// 3,600 of them.)
public final class WakeSignal: Sendable {
    private struct State {
        /// `wake()` was called while nobody slept.
        var isPending = false
        var sleepers: [Int: Sleeper] = [:]
        /// How many pauses have begun: the number of the latest.
        var pauses = 0
    }

    private struct Sleeper {
        let timer: any DispatchSourceTimer
        let continuation: CheckedContinuation<Bool, Never>

        func resume(woken: Bool) {
            timer.cancel()
            continuation.resume(returning: woken)
        }
    }

    /// One queue for all timers: of those that end at the same moment each would otherwise get a thread, which libdispatch keeps.
    private static let timers = DispatchQueue(label: "wake-signal", target: .global())

    private let state = Mutex(State())

    /// A signal that has not been given.
    public init() {}

    /// Waits for `time`, until `wake()` is called, or until the task is cancelled; true if `wake()` ended the pause.
    ///
    /// If `wake()` was called while nobody slept, the next pause ends at once.
    public func sleep(_ time: Duration) async -> Bool {
        let pause = state.withLock { state in
            state.pauses += 1
            return state.pauses
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let timer = DispatchSource.makeTimerSource(queue: Self.timers)
                timer.setEventHandler { [self] in end(pause) }
                timer.schedule(deadline: .now() + .nanoseconds(Int(max(time, .zero).nanoseconds)))
                let sleeper = Sleeper(timer: timer, continuation: continuation)
                let woken: Bool? = state.withLock { state in
                    // Asked under the lock, which a cancellation takes too: it is seen here, or finds the sleeper.
                    if Task.isCancelled { return false }
                    if state.isPending {
                        state.isPending = false
                        return true
                    }
                    state.sleepers[pause] = sleeper
                    return nil
                }
                timer.activate()
                if let woken { sleeper.resume(woken: woken) }
            }
        } onCancel: {
            end(pause)
        }
    }

    /// Ends every present pause, or the next one if nobody sleeps.
    public func wake() {
        let sleepers = state.withLock { state in
            state.isPending = state.sleepers.isEmpty
            defer { state.sleepers = [:] }
            return state.sleepers
        }
        for sleeper in sleepers.values { sleeper.resume(woken: true) }
    }

    /// Ends that pause, and no other.
    private func end(_ pause: Int) {
        state.withLock { $0.sleepers.removeValue(forKey: pause) }?.resume(woken: false)
    }
}
