// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

/// All settings, checked. A new value has the defaults in the table `SettingKey.all`.
struct Settings: Sendable {
    var julesAPIKey: Secret?
    var julesAPIBase = defaultAPIBase
    var pollInterval = Duration.seconds(5)
    var upstreamBudget = 100
    var upstreamTimeout = Duration.seconds(10)
    /// 0 means no limit of ours, also for the next two.
    var tasksPerDay = 0
    var tasksAtOnce = 0
    var tasksAtOncePerRepository = 0
    var caFile: String?
    /// May contain a password.
    var httpsProxy: Secret?
    var noProxy: [ProxyException] = []

    /// `nil` if only Unix sockets are served.
    var localToken: Secret?
    var localTokenPrevious: Secret?
    /// `nil` means no TCP listener; 0 any free port.
    var port: UInt16? = 3001
    var host = IPAddress(v4: 0x7F00_0001)
    var unixSocket: String?
    /// If empty, only loopback is accepted.
    var allowlist: AddressList = []
    var trustedProxies: AddressList = []
    /// If empty, only the same origin is accepted.
    var corsOrigins: [WebOrigin] = []
    /// Requests a minute for each client address and route; 0 means no limit.
    var rateLimit = 60
    /// Wrong tokens a minute for each client; 0 means no limit.
    var wrongTokenLimit = 300
    var maxConnections = 10_000
    /// For one client; 0 means no limit.
    var maxConnectionsPerClient = 1000
    var headerTimeout = Duration.seconds(10)
    var bodyTimeout = Duration.seconds(30)
    var writeTimeout = Duration.seconds(30)
    var idleTimeout = Duration.seconds(75)
    /// Whether `/v1alpha` answers as the Jules API does.
    var mirror = true
    /// What agents may do through the Model Context Protocol.
    var mcp = MCPAccess.full

    var persist = false
    var dataDirectory = "./data"
    var retentionDays = 90

    /// If it is not `nil`, the history is there, and `persist` and `dataDirectory` are not used.
    var store: StoreURI?
    var instance = InstanceName.standard

    var webhookURLs: [WebhookURL] = []
    /// One for all URLs, or one for each.
    var webhookFormats = [WebhookFormat.delta]
    var webhookSecrets: [SigningSecret] = []
    var notifyEvents = Set(NotifyEvent.allCases)
    /// The address of the daemon for people, without a slash at the end.
    var publicURL: WebURL?

    /// The administrator's rules.
    var rulesDirectory = "/etc/julesd/rules.d"
    /// The rules in both folders.
    var rules = RuleSet()

    var readiness = Readiness.probe
    var readyTimeout = Duration.seconds(300)
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.auto

    /// Every key that is set, with its value if it is no secret.
    var provenance: [String: Provenance] = [:]
    /// Keys whose value only the service manager can read.
    var sealed: Set<String> = []
    /// What is allowed, but perhaps a mistake.
    var warnings: [SettingWarning] = []

    /// A value that may be shown, and where it was set.
    struct Provenance: Sendable, Equatable {
        var shown: String
        var place: SettingPlace
    }

    /// Which requests go through the proxy.
    var proxies: ProxyPolicy { ProxyPolicy(proxy: httpsProxy?.reveal(), exceptions: noProxy) }

    /// The webhook endpoints with their formats.
    var webhooks: [Webhook] {
        webhookURLs.enumerated().map { index, url in
            Webhook(
                url: url, format: webhookFormats.count == 1 ? webhookFormats[0] : webhookFormats[index],
                publicURL: publicURL)
        }
    }

    private static let defaultAPIBase: WebURL = {
        guard let url = WebURL("https://jules.googleapis.com/v1alpha") else { preconditionFailure("not a URL") }
        return url
    }()
}

/// When the daemon is ready.
enum Readiness: String, Sendable, CaseIterable {
    /// After the first good answer from upstream.
    case probe
    /// As soon as the sockets serve.
    case listening
}

/// What agents may do through the Model Context Protocol at `/mcp`.
enum MCPAccess: String, Sendable, CaseIterable {
    /// Read and act.
    case full
    /// Read: tools that write are hidden.
    case read
    /// `/mcp` is turned off (404).
    case off
}
