// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Synchronization

/// The line that `systemctl status` shows: the present state of the daemon.
final class StatusLine: Sendable {
    private let store: SessionStore
    private let health: UpstreamHealth
    private let instances: Instances
    private let clients: @Sendable () -> Int
    private let remarks = Mutex<[Remark: String]>([:])

    /// The subject of a remark.
    enum Remark: CaseIterable { case restart, delay }

    static let interval = Duration.seconds(5)

    init(store: SessionStore, health: UpstreamHealth, instances: Instances, clients: @escaping @Sendable () -> Int) {
        self.store = store
        self.health = health
        self.instances = instances
        self.clients = clients
    }

    /// Replaces a remark. An empty text removes it.
    func remark(_ text: String, of kind: Remark) { remarks.withLock { $0[kind] = text.isEmpty ? nil : text } }

    var text: String {
        get async {
            let counts = (try? await store.countsByState()) ?? [:]
            let attention = ((try? await store.inboxCounts()) ?? [:]).values.reduce(0, +)
            let status = health.status
            var parts = [
                "\(counts.values.reduce(0, +)) sessions", "\(attention) need attention", "\(clients()) clients",
                status.lastPoll.map { "last good poll \($0.rfc3339)" } ?? "no good poll yet",
            ]
            if let trouble = status.trouble { parts.append("Jules: \(trouble.error) since \(trouble.since.rfc3339)") }
            if let since = instances.awaySince {
                parts.append("PostgreSQL cannot be reached since \(since.rfc3339)")
            } else if instances.isShared {
                parts.append(instances.isLeading ? "leads" : "led by \(instances.leader ?? "nobody")")
            }
            let remarks = remarks.withLock { $0 }
            return (parts + Remark.allCases.compactMap { remarks[$0] }).joined(separator: ", ")
        }
    }

    /// Sends the line to the service manager every few seconds if it has changed, until the task is cancelled.
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
