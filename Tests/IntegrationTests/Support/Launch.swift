// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// How to start a daemon.
struct Launch: Sendable {
    static let token = "integration-test-token"

    var arguments: [String] = []
    /// The whole environment, including settings. Only the variables of the service manager's protocols are added.
    var environment: [String: String] = [:]
    /// The sockets to pass, from descriptor 3 on.
    var sockets: [ListeningDescriptor] = []
    /// A program with its arguments that starts the daemon with exec.
    var wrapper: [String] = []
    /// The limit of open descriptors for the daemon.
    var descriptorLimit: Int?
    /// The stand-in for the journal; standard error then counts as the journal.
    var journal: JournalSocket?

    /// A launch with arguments only.
    init(_ arguments: [String]) { self.arguments = arguments }

    /// A daemon for `jules` on a free port that polls as fast as allowed.
    init(_ jules: FakeJules, _ settings: [String: String] = [:], notify: NotifySocket? = nil) {
        environment = [
            "JULES_API_BASE": jules.base, "JULES_API_KEY": FakeJules.key, "LOCAL_TOKEN": Self.token, "PORT": "0",
            "RATE_LIMIT": "0", "POLL_INTERVAL": "20ms", "UPSTREAM_BUDGET": "100000", "LOG_FORMAT": "json",
        ].merging(settings) { $1 }
        if let notify { environment["NOTIFY_SOCKET"] = notify.name }
        // No settings file of the machine is read.
        if !arguments.contains("--config") { arguments += ["--config", "/dev/null"] }
    }

    /// A copy with further settings.
    func setting(_ settings: [String: String]) -> Launch {
        var copy = self
        copy.environment.merge(settings) { $1 }
        return copy
    }
}
