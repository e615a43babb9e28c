// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The one line by which `systemctl status` tells how things stand.
final class StatusLine: Sendable {
    private let log: ChangeLog
    private let health: UpstreamHealth
    private let clients: @Sendable () -> Int
    private let remark = Mutex("")

    static let interval = Duration.seconds(5)

    init(log: ChangeLog, health: UpstreamHealth, clients: @escaping @Sendable () -> Int) {
        self.log = log
        self.health = health
        self.clients = clients
    }

    /// Adds a remark that stays until the daemon ends.
    func remark(_ text: String) { remark.withLock { $0 = text } }

    var text: String {
        get async {
            let counts = (try? await log.countsByState()) ?? [:]
            let attention = ((try? await log.inboxCounts()) ?? [:]).values.reduce(0, +)
            let status = health.status
            var parts = [
                "\(counts.values.reduce(0, +)) sessions", "\(attention) need attention", "\(clients()) clients",
                status.lastSuccess.map { "last good poll \($0.rfc3339)" } ?? "no good poll yet",
            ]
            if let trouble = status.trouble { parts.append("Jules: \(trouble.error) since \(trouble.since.rfc3339)") }
            let remark = remark.withLock { $0 }
            if !remark.isEmpty { parts.append(remark) }
            return parts.joined(separator: ", ")
        }
    }

    /// Tells the service manager every few seconds, where the line has changed, until the task is cancelled.
    func keepUpToDate(_ manager: ServiceManager) async {
        var told = ""
        while !Task.isCancelled {
            let text = await text
            if text != told { manager.status(text) }
            told = text
            try? await Task.sleep(for: Self.interval)
        }
    }
}
