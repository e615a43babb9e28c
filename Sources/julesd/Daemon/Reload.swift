// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Takes new settings over while the daemon runs, one reload at a time, beside everything else.
struct Reload: Sendable {
    /// Hands settings to one part of the daemon, which works by them from then on.
    ///
    /// It throws if they are not all in force yet; then it is called again until they are.
    typealias Part = @Sendable (Settings) async throws -> Void

    let settings: LiveSettings
    /// Each part that settings reach.
    let parts: [Part]
    /// Rung at each order to reload; several that come while one is under way count as one.
    let orders: WakeSignal
    let manager: ServiceManager
    /// Passed once the service manager has been told READY=1, and may be told RELOADING=1.
    let ready: Latch
    let line: StatusLine
    let logger: Logger

    /// How long to wait before settings are handed over again.
    static let retryPause = Duration.seconds(1)

    /// Works until the task is cancelled.
    func run() async {
        var handover = Handover(parts: [])
        while !Task.isCancelled {
            let isOrdered = await orders.sleep(handover.parts.isEmpty ? .seconds(3600) : Self.retryPause)
            guard !Task.isCancelled else { return }
            if isOrdered {
                await reload(&handover)
            } else if !handover.parts.isEmpty {
                await handOver(&handover)
            }
        }
    }

    /// Parts that do not have the settings in force yet, and what the administrator is told once they do.
    private struct Handover {
        var parts: [Part]
        var changed: [String] = []
        var isDelayed = false
    }

    private func reload(_ handover: inout Handover) async {
        let isReady = ready.isSet
        if isReady { manager.reloading() }
        do throws(SettingsError) {
            guard let difference = try await settings.reload() else { return }
            settings.current.logWarnings(to: logger)
            // What an earlier reload has not brought to its end is a part of this one.
            let earlier = handover.parts.isEmpty ? [] : handover.changed.filter { !difference.reloaded.contains($0) }
            handover = Handover(parts: parts, changed: earlier + difference.reloaded)
            await handOver(&handover)
            tell(restart: difference.restart)
        } catch {
            error.log(to: logger)
            logger.event(.reloadRefused, level: .error, "the new settings are faulty; the old ones stay in force")
        }
        if isReady { manager.reloaded(status: await line.text) }
    }

    private func handOver(_ handover: inout Handover) async {
        let settings = settings.current
        var waiting: [Part] = []
        var reason: (any Error)?
        for part in handover.parts {
            do { try await part(settings) } catch {
                waiting.append(part)
                reason = error
            }
        }
        handover.parts = waiting
        let changed = handover.changed.joined(separator: ", ")
        if let reason {
            line.remark("the reload is not complete", of: .delay)
            guard !handover.isDelayed else { return }
            handover.isDelayed = true
            logger.event(
                .reloadDelayed, level: .error,
                "not all of the new settings (\(changed)) are in force: \(reason); tried again until they are")
        } else {
            line.remark("", of: .delay)
            logger.event(
                .reloadDone, changed.isEmpty ? "settings read again, nothing changed" : "now in force: \(changed)")
        }
    }

    private func tell(restart keys: [String]) {
        let keys = keys.joined(separator: ", ")
        line.remark(keys.isEmpty ? "" : "restart needed for \(keys)", of: .restart)
        guard !keys.isEmpty else { return }
        logger.event(.reloadNeedsRestart, level: .warning, "changes of \(keys) take effect at the next restart")
    }
}
