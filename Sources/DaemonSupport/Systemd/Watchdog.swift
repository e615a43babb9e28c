// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Dispatch
import Glibc
import Synchronization

/// Sends keep-alives for the service manager's watchdog (`WatchdogSec=`) while all parts of the daemon make progress.
///
/// It has its own thread, so a blocked event loop or an exhausted thread pool cannot delay it. A part that makes no
/// progress has an old heartbeat, and then no keep-alive is sent.
public final class Watchdog: Sendable {
    private let interval: Duration
    private let marks: [Heartbeat]
    private let service: ServiceManager
    private let onWithheld: @Sendable ([String]) -> Void
    private let stopped = Atomic(false)
    private let wake = DispatchSemaphore(value: 0)

    /// The interval in which the service manager expects a keep-alive from this process; `nil` if it expects none
    /// (sd_watchdog_enabled(3)).
    public static func requestedInterval() -> Duration? {
        var microseconds: UInt64 = 0
        return sd_watchdog_enabled(0, &microseconds) > 0 ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    /// A watchdog that has not been started.
    ///
    /// - Parameter onWithheld: called on the watchdog's thread with the names of the silent parts, once each time
    ///   keep-alives stop.
    public init(
        interval: Duration, marks: [Heartbeat], service: ServiceManager,
        onWithheld: @escaping @Sendable ([String]) -> Void
    ) {
        self.interval = interval
        self.marks = marks
        self.service = service
        self.onWithheld = onWithheld
    }

    /// Starts the thread. It sends a keep-alive at once, and then every third of the interval.
    ///
    /// So two keep-alives may be late or lost before the service manager acts.
    public func start() {
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Watchdog>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, this.toOpaque())
        guard status == 0 else {
            this.release()
            return onWithheld(["watchdog thread"])
        }
        pthread_detach(thread)
    }

    /// Ends the thread. At most the keep-alive that is being sent follows.
    public func stop() {
        stopped.store(true, ordering: .releasing)
        wake.signal()
    }

    /// The names of the heartbeats that are too old at `now`.
    static func silent(_ marks: [Heartbeat], at now: Monotonic) -> [String] {
        marks.filter { !$0.isFresh(at: now) }.map(\.name)
    }

    private func run() {
        let pause = interval / 3
        var withheld = false
        while !stopped.load(ordering: .acquiring) {
            let silent = Watchdog.silent(marks, at: .now())
            if silent.isEmpty {
                service.watchdog()
            } else if !withheld {
                onWithheld(silent)
            }
            withheld = !silent.isEmpty
            let nanoseconds = pause.components.seconds * 1_000_000_000 + pause.components.attoseconds / 1_000_000_000
            _ = wake.wait(timeout: .now() + .nanoseconds(Int(nanoseconds)))
        }
    }
}
