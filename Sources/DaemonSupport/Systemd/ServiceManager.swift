// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// Sends notifications to the service manager (sd_notify(3)).
///
/// Without `NOTIFY_SOCKET` in the environment all calls do nothing. Each call sends one datagram, so its fields take
/// effect together.
public struct ServiceManager: Sendable {
    /// Notifies the manager in `NOTIFY_SOCKET`. The variable stays set.
    public init() {}

    /// The start has finished.
    public func ready(status: String? = nil) {
        notify(["READY=1"], status: status)
    }

    /// Sets the status text that `systemctl status` shows.
    public func status(_ text: String) {
        notify([], status: text)
    }

    /// The present start, reload or stop may take `duration` longer, counted from now.
    public func extendTimeout(by duration: Duration, status: String? = nil) {
        notify(["EXTEND_TIMEOUT_USEC=\(duration.microseconds)"], status: status)
    }

    /// A reload begins. Call ``reloaded(status:)`` after it, even if the settings were not applied.
    public func reloading() {
        // Type=notify-reload accepts only a message with a time after its signal (systemd.service(5)).
        notify(["RELOADING=1", "MONOTONIC_USEC=\(Monotonic.now().nanoseconds / 1000)"], status: nil)
    }

    /// The reload has ended.
    public func reloaded(status: String? = nil) {
        ready(status: status)
    }

    /// The daemon stops.
    public func stopping(status: String? = nil) {
        notify(["STOPPING=1"], status: status)
    }

    /// The daemon is alive. Restarts the watchdog interval.
    public func watchdog() {
        notify(["WATCHDOG=1"], status: nil)
    }

    private func notify(_ fields: [String], status: String?) {
        let status = status.map { ["STATUS=\($0.onOneLine)"] } ?? []
        // If the manager cannot be reached, there is nobody to report that to.
        _ = sd_notify(0, (fields + status).joined(separator: "\n"))
    }
}

extension String {
    /// The text with control characters replaced by spaces. A line break would start a new field, and a NUL would end
    /// the message.
    fileprivate var onOneLine: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
