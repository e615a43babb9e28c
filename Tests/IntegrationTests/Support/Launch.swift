// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// How a daemon is started.
struct Launch: Sendable {
    static let token = "integration-test-token"

    var arguments: [String] = []
    /// The whole environment, settings included, but for what the service manager's protocols need.
    var environment: [String: String] = [:]
    /// Sockets to hand over, beginning with descriptor 3.
    var sockets: [ListeningDescriptor] = []
    /// A program, with its arguments, that runs the daemon in its own place.
    var wrapper: [String] = []
    /// How many descriptors the daemon may have open.
    var descriptorLimit: Int?
    /// Standard error is said to be the journal, and this one is in its place.
    var journal: JournalSocket?

    /// The bare program.
    init(_ arguments: [String]) { self.arguments = arguments }

    /// A daemon in front of `jules`, on a free port, that polls as fast as it may.
    init(_ jules: FakeJules, _ settings: [String: String] = [:], notify: NotifySocket? = nil) {
        environment = [
            "JULES_API_BASE": jules.base, "JULES_API_KEY": FakeJules.key, "LOCAL_TOKEN": Self.token, "PORT": "0",
            "RATE_LIMIT": "0", "POLL_INTERVAL": "20ms", "UPSTREAM_BUDGET": "100000", "LOG_FORMAT": "json",
        ].merging(settings) { $1 }
        if let notify { environment["NOTIFY_SOCKET"] = notify.name }
        // No file of the machine has a say.
        if !arguments.contains("--config") { arguments += ["--config", "/dev/null"] }
    }

    /// The same with further settings.
    func setting(_ settings: [String: String]) -> Launch {
        var copy = self
        copy.environment.merge(settings) { $1 }
        return copy
    }
}
