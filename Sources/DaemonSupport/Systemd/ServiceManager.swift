// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// What the daemon tells the service manager that started it, by sd_notify(3).
///
/// Without `NOTIFY_SOCKET` in the environment every call does nothing. Each call is one datagram, so the fields it carries
/// take effect together.
public struct ServiceManager: Sendable {
    /// Speaks to the manager that `NOTIFY_SOCKET` names; the environment stays as it is.
    public init() {}

    /// Start-up has finished.
    public func ready(status: String? = nil) {
        notify(["READY=1"], status: status)
    }

    /// What the daemon is doing, for `systemctl status`.
    public func status(_ text: String) {
        notify([], status: text)
    }

    /// Start, reload or stop may take this much longer, counted from now.
    public func extendTimeout(by duration: Duration, status: String? = nil) {
        notify(["EXTEND_TIMEOUT_USEC=\(duration.microseconds)"], status: status)
    }

    /// The settings are being read again; ``reloaded(status:)`` must follow, whether or not they were taken.
    public func reloading() {
        // Type=notify-reload takes only a message stamped after it sent the signal.
        notify(["RELOADING=1", "MONOTONIC_USEC=\(Monotonic.now().nanoseconds / 1000)"], status: nil)
    }

    /// The reload that ``reloading()`` announced is over.
    public func reloaded(status: String? = nil) {
        ready(status: status)
    }

    /// The daemon is on its way out.
    public func stopping(status: String? = nil) {
        notify(["STOPPING=1"], status: status)
    }

    /// The daemon is alive: starts the watchdog's interval anew.
    public func watchdog() {
        notify(["WATCHDOG=1"], status: nil)
    }

    private func notify(_ fields: [String], status: String?) {
        let status = status.map { ["STATUS=\($0.onOneLine)"] } ?? []
        // A manager that cannot be told cannot be told of that either.
        _ = sd_notify(0, (fields + status).joined(separator: "\n"))
    }
}

extension String {
    /// The text with each control character as a space: a line break would begin another field, a NUL would end the message.
    fileprivate var onOneLine: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
