// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Waits for the first good answer of the API, before the daemon is ready.
struct Startup: Sendable {
    let settings: Settings
    let list: SessionList
    let manager: ServiceManager
    /// Called before each attempt with the longest time it may take, so that the watchdog does not take the wait for a hang.
    let alive: @Sendable (Duration) -> Void
    let logger: Logger

    /// How long one attempt waits for its turn at most.
    private static let patience = Duration.seconds(1)

    /// Waits for the first good answer. If readiness means listening, it returns at once.
    ///
    /// - Returns: `nil` if the daemon is ready, else the status to exit with.
    func awaitUpstream() async -> ExitStatus? {
        guard settings.readiness == .probe else { return nil }
        let deadline = Duration.monotonic + settings.readyTimeout
        var cadence = PollCadence(base: .seconds(1))
        var told = false
        manager.status("Asking Jules for the first time")
        while !Task.isCancelled {
            // The watchdog and the service manager must wait as long as one attempt and the pause after it may take.
            let longest = list.longestPage + .seconds(30)
            alive(longest)
            manager.extendTimeout(by: longest)
            do throws(UpstreamError) {
                // If the API has asked for a long pause, the wait is here and not in the gate, so that the service manager
                // learns of it. It reads a whole newest page, because that is what the daemon needs later.
                _ = try await list.page(for: .probe, patience: Self.patience)
                return nil
            } catch {
                if error.refusesKey { return .keyRefused }
                guard !Task.isCancelled else { return nil }
                guard .monotonic < deadline else {
                    logger.event(
                        .startTimedOut, level: .error,
                        "Jules did not answer within READY_TIMEOUT (\(settings.readyTimeout)): \(error)")
                    return .unavailable
                }
                if !told {
                    logger.event(.waitingForUpstream, level: .warning, "not ready: \(error); trying again")
                    told = true
                }
                manager.extendTimeout(by: longest, status: "Waiting for Jules: \(error)")
                let pause = min(cadence.pause(after: .failed(error)), .seconds(10), deadline - .monotonic)
                try? await Task.sleep(for: max(pause, .milliseconds(10)))
            }
        }
        return nil
    }
}
