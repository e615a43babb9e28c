// SPDX-License-Identifier: Apache-2.0

// Dispatch sources may be used on any thread; the module does not say so yet.
@preconcurrency import Dispatch
import Synchronization

/// A pause that somebody else can cut short.
///
/// Nothing remains of one that was. `Task.sleep` leaves a task and a timer behind until its whole time is over: for one cut short
/// every second out of an hour, 3,600 of them.
public final class Alarm: Sendable {
    private struct State {
        /// It rang while nobody slept.
        var rung = false
        var sleeper: Sleeper?
        /// How many pauses have begun: the number of the latest.
        var pauses = 0
    }

    private struct Sleeper {
        let pause: Int
        let timer: any DispatchSourceTimer
        let continuation: CheckedContinuation<Bool, Never>

        func wake(rung: Bool) {
            timer.cancel()
            continuation.resume(returning: rung)
        }
    }

    private let state = Mutex(State())

    /// An alarm that has not rung.
    public init() {}

    /// Waits for `time`, or until the alarm rings or the task is cancelled; true where it rang. One task may wait at a time.
    public func sleep(_ time: Duration) async -> Bool {
        let pause = state.withLock { state in
            state.pauses += 1
            return state.pauses
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let timer = DispatchSource.makeTimerSource()
                timer.setEventHandler { [self] in end(pause) }
                timer.schedule(deadline: .now() + .nanoseconds(time.wholeNanoseconds))
                let sleeper = Sleeper(pause: pause, timer: timer, continuation: continuation)
                let rung: Bool? = state.withLock { state in
                    defer { state.rung = false }
                    if state.rung { return true }
                    // Asked under the lock, which a cancellation takes too: it is seen here, or finds the sleeper.
                    if Task.isCancelled { return false }
                    state.sleeper = sleeper
                    return nil
                }
                timer.activate()
                if let rung { sleeper.wake(rung: rung) }
            }
        } onCancel: {
            end(pause)
        }
    }

    /// Ends the present pause, or the next one where nobody sleeps.
    public func ring() {
        let sleeper = state.withLock { state in
            state.rung = state.sleeper == nil
            return state.sleeper.take()
        }
        sleeper?.wake(rung: true)
    }

    /// Ends that pause, and no later one.
    private func end(_ pause: Int) {
        let sleeper = state.withLock { state in state.sleeper?.pause == pause ? state.sleeper.take() : nil }
        sleeper?.wake(rung: false)
    }
}

extension Duration {
    /// Nanoseconds, as far as an integer can hold them.
    fileprivate var wholeNanoseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? 0 : .max }
        return Int(product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue)
    }
}
