// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SettingKey {
    /// Every key, in the order in which they are documented.
    static let all: [SettingKey] = [
        .init(
            "JULES_API_KEY", .upstream, .apiKey, \.julesAPIKey, secret: true,
            """
            The key for the Jules API. Required unless JULES_API_BASE is a loopback address. Better than here it is kept as a \
            credential (systemd's LoadCredential=) or in a file that JULES_API_KEY_FILE names. A key of another account than the \
            one kept in DATA_DIR is not used, and nothing is deleted.
            """),
        .init(
            "JULES_API_BASE", .upstream, default: "https://jules.googleapis.com/v1alpha", .apiBase, \.julesAPIBase,
            restart: true,
            "Where the Jules API lives. To be changed for a test against a simulator."),
        .init(
            "POLL_INTERVAL", .upstream, default: "5s", .duration(.milliseconds(10)...(.seconds(86_400))),
            \.pollInterval,
            """
            The fastest poll, used while a session is active or somebody watches; idle polling backs off by itself. Shorter \
            shows changes sooner and spends more of UPSTREAM_BUDGET; longer than a minute counts as a minute.
            """),
        .init(
            "UPSTREAM_BUDGET", .upstream, default: "100", .number(10...100_000, "requests a minute"), \.upstreamBudget,
            """
            Upstream requests in any 60 s at most, all purposes together; a tenth is kept for what users ask for. Lower it \
            where other programs share the key.
            """),
        .init(
            "UPSTREAM_TIMEOUT", .upstream, default: "10s", .duration(.milliseconds(100)...(.seconds(600))),
            \.upstreamTimeout,
            "How long one upstream call may take; three times that where a large body is arriving."),
        .init(
            "TASKS_PER_DAY", .upstream, default: "0", .number(0...100_000, "tasks"), \.tasksPerDay,
            """
            How many sessions the account may have begun within 24 h, whoever created them, for the queue to start another one; \
            0 means no limit of ours. Set it to what your plan of Jules allows (15, 100 or 300).
            """),
        .init(
            "TASKS_AT_ONCE", .upstream, default: "0", .number(0...100_000, "tasks"), \.tasksAtOnce,
            """
            How many sessions may run for the queue to start another one; 0 means no limit of ours. Set it to what your plan of \
            Jules allows (3, 15 or 60).
            """),
        .init(
            "TASKS_AT_ONCE_PER_REPO", .upstream, default: "0", .number(0...100_000, "tasks"),
            \.tasksAtOncePerRepository,
            """
            How many sessions of one repository may run for the queue to start another one of it; 0 means no limit of ours. It \
            keeps agents from working on the same code at the same time.
            """),
        .init(
            "CA_FILE", .upstream, .certificates, \.caFile, restart: true,
            """
            Certificates to trust (PEM) for upstream and webhooks, instead of the system's. For networks whose proxy signs \
            with a certificate of its own.
            """),
        .init(
            "HTTPS_PROXY", .upstream, .proxy, \.httpsProxy, secret: true, restart: true,
            """
            The proxy for upstream and webhooks. http URLs and this machine are always reached without it. The environment may \
            spell it in lower case.
            """),
        .init(
            "NO_PROXY", .upstream, .proxyExceptions, \.noProxy, restart: true,
            "What is reached without the proxy. The environment may spell it in lower case."),

        .init(
            "LOCAL_TOKEN", .listeners, .token, \.localToken, secret: true,
            """
            The bearer token of clients, required for any TCP listener; "julesd token" prints a fresh one. Better than here \
            it is kept as a credential or in a file that LOCAL_TOKEN_FILE names.
            """),
        .init(
            "LOCAL_TOKEN_PREVIOUS", .listeners, .token, \.localTokenPrevious, secret: true,
            "A token that is still accepted, so that tokens can be changed without a gap."),
        .init(
            "PORT", .listeners, default: "3001", .port, \.port, restart: true,
            "The TCP listener's port, when no socket is inherited from systemd. The log names a free one that was chosen."
        ),
        .init(
            "HOST", .listeners, default: "127.0.0.1", .address, \.host, restart: true,
            """
            The TCP listener's address, when no socket is inherited; :: serves IPv6 and IPv4. Beyond loopback, ALLOWLIST says \
            who is let in.
            """),
        .init(
            "UNIX_SOCKET", .listeners, .socketPath, \.unixSocket, restart: true,
            "The path of a Unix listener, when no socket is inherited. Root and the daemon's own group need no token there."
        ),
        .init(
            "ALLOWLIST", .listeners, .networks, \.allowlist,
            """
            Client addresses that are let in; empty means loopback only. When set, loopback must be listed too if it is \
            wanted. The Unix socket is always exempt.
            """),
        .init(
            "TRUSTED_PROXIES", .listeners, .networks, \.trustedProxies,
            """
            Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, so that ALLOWLIST and RATE_LIMIT see the client \
            behind them, and a page that came over http does not count as one of the daemon's own where clients use https; from \
            anybody else these fields are ignored.
            """),
        .init(
            "CORS_ORIGIN", .listeners, .origins, \.corsOrigins,
            "Web pages of other origins that may call the API and open the WebSocket; empty means the same origin only."
        ),
        .init(
            "RATE_LIMIT", .listeners, default: "60", .number(0...1_000_000, "requests a minute"), \.rateLimit,
            """
            What one client address may ask of one route; 0 means no limit. It holds off loops gone wild and guessed tokens. \
            The Unix socket is exempt.
            """),
        .init(
            "MAX_CONNECTIONS", .listeners, default: "10000", .number(1...1_000_000, "connections"), \.maxConnections,
            "Open connections of all kinds together; a further one gets 503. It bounds memory and descriptors."),
        .init(
            "MAX_CONNECTIONS_PER_CLIENT", .listeners, default: "1000", .number(0...1_000_000, "connections"),
            \.maxConnectionsPerClient,
            """
            Open connections of one client (an IPv4 address, or a /64 of IPv6), so that no single one can take all of \
            MAX_CONNECTIONS; a further one gets 503. 0 means no limit. Loopback, TRUSTED_PROXIES and the Unix socket are exempt.
            """),
        .init(
            "WRONG_TOKEN_LIMIT", .listeners, default: "300", .number(0...1_000_000, "wrong tokens a minute"),
            \.wrongTokenLimit,
            """
            After so many wrong tokens within a minute, no further token of that client (an IPv4 address, or a /64 of IPv6) is \
            looked at for the rest of it, whatever RATE_LIMIT says; 0 means no limit.
            """),
        .init(
            "HEADER_TIMEOUT", .listeners, default: "10s", .duration(.milliseconds(100)...(.seconds(600))),
            \.headerTimeout,
            "How long a request's header may take to arrive; then 408."),
        .init(
            "BODY_TIMEOUT", .listeners, default: "30s", .duration(.milliseconds(100)...(.seconds(600))), \.bodyTimeout,
            "How long a request's body may take to arrive; then 408. Longer helps clients that send much over slow lines."
        ),
        .init(
            "WRITE_TIMEOUT", .listeners, default: "30s", .duration(.milliseconds(100)...(.seconds(600))),
            \.writeTimeout,
            """
            The time in which a client must take at least 16 KiB of an answer that waits for it; one that is slower is cut, as \
            its answer takes memory.
            """),
        .init(
            "IDLE_TIMEOUT", .listeners, default: "75s", .duration(.milliseconds(100)...(.seconds(3600))), \.idleTimeout,
            """
            How long a connection may stay open without a request. It should be longer than a proxy in front keeps its own idle \
            connections.
            """),
        .init(
            "MIRROR", .listeners, default: "1", .flag, \.mirror,
            """
            1 answers at /v1alpha as the Jules API does, so that any tool made for it works through julesd, with LOCAL_TOKEN as \
            its key; 0 takes /v1alpha away.
            """),
        .init(
            "MCP", .listeners, default: "full", .choice(), \.mcp,
            """
            What coding agents may do at /mcp (Model Context Protocol) with the token: full lets them read and act, read hides \
            the tools that write, off takes /mcp away.
            """),

        .init(
            "PERSIST", .history, default: "0", .flag, \.persist, restart: true,
            """
            1 keeps the history in DATA_DIR/sessions.sqlite, over restarts; 0 keeps the newest 10,000 deltas or 64 MB in \
            memory.
            """),
        .init(
            "DATA_DIR", .history, default: "./data", .directory, \.dataDirectory, restart: true,
            "Where the history is kept. Under systemd the default is the unit's state directory."),
        .init(
            "RETENTION_DAYS", .history, default: "90", .number(1...36_500, "days"), \.retentionDays,
            "Age at which deltas and activities are pruned; sessions themselves are kept. Longer takes more disk."),

        .init(
            "NOTIFY_WEBHOOK", .webhooks, .webhooks, \.webhookURLs, secret: true,
            "Where every delta is posted. A URL counts as a secret: the log shows its scheme, host and a short hash."),
        .init(
            "NOTIFY_WEBHOOK_SECRET", .webhooks, .signingSecrets, \.webhookSecrets, secret: true,
            "Secrets that sign each delivery (Standard Webhooks); all of them sign, so that one can replace the other."),
        .init(
            "NOTIFY_EVENTS", .webhooks, default: "all", .events, \.notifyEvents,
            """
            Which deltas are posted. attention is a session that newly waits for a person, finished one that is newly \
            completed or failed.
            """),
        .init(
            "NOTIFY_FORMAT", .webhooks, default: "delta", .webhookFormats, \.webhookFormats,
            "What the body looks like: the delta itself, or what a chat or push service takes."),
        .init(
            "PUBLIC_URL", .webhooks, .publicURL, \.publicURL,
            """
            The address under which people reach julesd. When set, texts for chat and push services link to the session in \
            the control room too.
            """),

        .init(
            "RULES_DIR", .rules, default: "/etc/julesd/rules.d", .directory, \.rulesDirectory,
            """
            Where the administrator's rules lie (julesd-rules(5)): files *.rule that say what julesd may do by itself. Those \
            of the package lie in /usr/lib/julesd/rules.d; a file here takes the place of one of the same name there. A \
            reload reads them all again.
            """),

        .init(
            "READINESS", .service, default: "probe", .choice(), \.readiness, restart: true,
            """
            When systemd is told that the service is ready: probe waits for the first good answer from upstream, listening \
            only for the sockets.
            """),
        .init(
            "READY_TIMEOUT", .service, default: "5min", .duration(.milliseconds(100)...(.seconds(86_400))),
            \.readyTimeout, restart: true,
            "How long the first probe may keep failing before the daemon gives up with exit status 69."),
        .init(
            "LOG_LEVEL", .service, default: "info", .logLevel, \.logLevel,
            "The least level that is logged. debug adds one line for each request."),
        .init(
            "LOG_FORMAT", .service, default: "auto", .choice(), \.logFormat, restart: true,
            """
            How the log is written: auto is the journal when standard error leads there, text on a terminal, else JSON lines \
            on standard output.
            """),
    ]
}
