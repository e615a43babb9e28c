// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// Applies new settings while the daemon runs, one reload at a time, in a task of its own.
struct Reload: Sendable {
    /// Gives settings to one part of the daemon, which uses them from then on.
    ///
    /// - Throws: if some of them are not in force yet. The part is then called again until they are.
    typealias Part = @Sendable (Settings) async throws -> Void

    let settings: LiveSettings
    /// Every part that uses settings.
    let parts: [Part]
    /// Woken at each order to reload. Orders that come during a reload count as one.
    let orders: WakeSignal
    let manager: ServiceManager
    /// Set when READY=1 has been sent; from then on RELOADING=1 may be sent.
    let ready: Latch
    let line: StatusLine
    let logger: Logger

    /// How long to wait before the settings are given to a part again.
    static let retryPause = Duration.seconds(1)

    /// Runs until its task is cancelled.
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

    /// The parts that do not have the settings yet, and what to report when they have.
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
            // This reload includes what an earlier one has not finished.
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
