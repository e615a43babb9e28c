// SPDX-License-Identifier: Apache-2.0

// Dispatch sources may be used on any thread, but the module does not declare it yet.
@preconcurrency import Dispatch
import Synchronization

/// Wakes tasks that wait for work.
///
/// Any number of tasks may sleep at the same time; one `wake()` wakes them all. A pause leaves no timer behind. (A
/// `Task.sleep` that is cut short leaves a task and a timer until its full time is over: a pause of an hour that is cut
/// short every second leaves 3,600 of them.)
public final class WakeSignal: Sendable {
    private struct State {
        /// `wake()` was called while nobody slept.
        var isPending = false
        /// The tasks that sleep, by the number of their pause.
        var sleepers: [Int: Sleeper] = [:]
        /// How many pauses have begun; also the number of the latest.
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

    /// One queue for all timers. With separate queues libdispatch would start a thread for each timer that ends at the
    /// same moment, and keep it.
    private static let timers = DispatchQueue(label: "wake-signal", target: .global())

    private let state = Mutex(State())

    /// A signal without a pending `wake()`.
    public init() {}

    /// Waits until `time` is over, `wake()` is called or the task is cancelled.
    ///
    /// If `wake()` was called while nobody slept, the next pause ends at once.
    ///
    /// - Returns: true if `wake()` ended the pause.
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
                    // Checked under the lock, which the cancellation handler takes too: either this check sees the
                    // cancellation, or the handler finds the sleeper.
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

    /// Ends all present pauses. If nobody sleeps, ends the next pause.
    public func wake() {
        let sleepers = state.withLock { state in
            state.isPending = state.sleepers.isEmpty
            defer { state.sleepers = [:] }
            return state.sleepers
        }
        for sleeper in sleepers.values { sleeper.resume(woken: true) }
    }

    /// Ends this pause and no other.
    private func end(_ pause: Int) {
        state.withLock { $0.sleepers.removeValue(forKey: pause) }?.resume(woken: false)
    }
}
