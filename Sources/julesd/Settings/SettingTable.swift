// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SettingKey {
    /// Every key, in the order in which they are documented.
    static let all: [SettingKey] = [
        .init(
            "JULES_API_KEY", .upstream, .apiKey, \.julesAPIKey, secret: true,
            """
            The key for the Jules API. Required unless JULES_API_BASE is a loopback address. Keep it as a credential \
            (systemd's LoadCredential=) or in a file that JULES_API_KEY_FILE names, rather than here. A key of \
            another account than the one in DATA_DIR is not used, and nothing is deleted.
            """),
        .init(
            "JULES_API_BASE", .upstream, default: "https://jules.googleapis.com/v1alpha", .apiBase, \.julesAPIBase,
            restart: true,
            "The address of the Jules API. Change it to test with a simulator."),
        .init(
            "POLL_INTERVAL", .upstream, default: "5s", .duration(.milliseconds(10)...(.seconds(86_400))),
            \.pollInterval,
            """
            The fastest poll, used while a session is active or a client follows; idle polls become slower by \
            themselves. A shorter interval shows changes sooner and uses more of UPSTREAM_BUDGET; more than a minute \
            counts as a minute.
            """),
        .init(
            "UPSTREAM_BUDGET", .upstream, default: "100", .number(10...100_000, "requests a minute"), \.upstreamBudget,
            """
            Requests to Jules in any 60 s at most, for all purposes; a tenth is reserved for requests of users. \
            Lower it if other programs use the same key.
            """),
        .init(
            "UPSTREAM_TIMEOUT", .upstream, default: "10s", .duration(.milliseconds(100)...(.seconds(600))),
            \.upstreamTimeout,
            "How long one request to Jules may take; three times as long while a large body arrives."),
        .init(
            "TASKS_PER_DAY", .upstream, default: "0", .number(0...100_000, "tasks"), \.tasksPerDay,
            """
            The queue starts a task only if fewer sessions than this were created in the account within 24 h, by \
            anybody; 0 means no limit of ours. Set it to what your plan of Jules allows (15, 100 or 300).
            """),
        .init(
            "TASKS_AT_ONCE", .upstream, default: "0", .number(0...100_000, "tasks"), \.tasksAtOnce,
            """
            The queue starts a task only if fewer sessions than this run; 0 means no limit of ours. Set it to what \
            your plan of Jules allows (3, 15 or 60).
            """),
        .init(
            "TASKS_AT_ONCE_PER_REPO", .upstream, default: "0", .number(0...100_000, "tasks"),
            \.tasksAtOncePerRepository,
            """
            The queue starts a task only if fewer sessions than this run in its repository; 0 means no limit of \
            ours. It keeps agents from working on the same code at the same time.
            """),
        .init(
            "CA_FILE", .upstream, .certificates, \.caFile, restart: true,
            """
            Trusted certificates (PEM) for Jules and webhooks, instead of the system's. For networks whose proxy \
            signs with a certificate of its own.
            """),
        .init(
            "HTTPS_PROXY", .upstream, .proxy, \.httpsProxy, secret: true, restart: true,
            """
            The proxy for Jules and webhooks. http URLs and this machine are always reached without it. In the \
            environment the name may be in lower case.
            """),
        .init(
            "NO_PROXY", .upstream, .proxyExceptions, \.noProxy, restart: true,
            "Hosts that are reached without the proxy. In the environment the name may be in lower case."),

        .init(
            "LOCAL_TOKEN", .listeners, .token, \.localToken, secret: true,
            """
            The bearer token of clients, required for any TCP listener; "julesd token" prints a new one. Keep it as \
            a credential or in a file that LOCAL_TOKEN_FILE names, rather than here.
            """),
        .init(
            "LOCAL_TOKEN_PREVIOUS", .listeners, .token, \.localTokenPrevious, secret: true,
            "A token that is still accepted, so that the token can be changed without an interruption."),
        .init(
            "PORT", .listeners, default: "3001", .port, \.port, restart: true,
            """
            The port of the TCP listener, if no socket is inherited from systemd. If a free port is chosen, the log \
            names it.
            """
        ),
        .init(
            "HOST", .listeners, default: "127.0.0.1", .address, \.host, restart: true,
            """
            The address of the TCP listener, if no socket is inherited; :: serves IPv6 and IPv4. Beyond loopback, \
            ALLOWLIST says who may connect.
            """),
        .init(
            "UNIX_SOCKET", .listeners, .socketPath, \.unixSocket, restart: true,
            """
            The path of a Unix listener, if no socket is inherited. Root and the daemon's own group need no token \
            there.
            """
        ),
        .init(
            "ALLOWLIST", .listeners, .networks, \.allowlist,
            """
            Client addresses that may connect; empty means only loopback. If it is set, loopback must be listed too \
            if it is needed. The Unix socket is always exempt.
            """),
        .init(
            "TRUSTED_PROXIES", .listeners, .networks, \.trustedProxies,
            """
            Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, so that ALLOWLIST and RATE_LIMIT apply \
            to the client behind them. If such a proxy reports https, a page that came over http counts as another \
            origin. From any other peer these fields are ignored.
            """),
        .init(
            "CORS_ORIGIN", .listeners, .origins, \.corsOrigins,
            """
            Web pages of other origins that may call the API and open the WebSocket; empty means only the same \
            origin.
            """
        ),
        .init(
            "RATE_LIMIT", .listeners, default: "60", .number(0...1_000_000, "requests a minute"), \.rateLimit,
            """
            How many requests one client address may make to one route; 0 means no limit. It stops clients in an \
            endless loop and the guessing of tokens. The Unix socket is exempt.
            """),
        .init(
            "MAX_CONNECTIONS", .listeners, default: "10000", .number(1...1_000_000, "connections"), \.maxConnections,
            "Open connections of all kinds together; a further one gets 503. It limits memory and descriptors."),
        .init(
            "MAX_CONNECTIONS_PER_CLIENT", .listeners, default: "1000", .number(0...1_000_000, "connections"),
            \.maxConnectionsPerClient,
            """
            Open connections of one client (an IPv4 address, or a /64 of IPv6), so that no client can take all of \
            MAX_CONNECTIONS; a further one gets 503. 0 means no limit. Loopback, TRUSTED_PROXIES and the Unix socket \
            are exempt.
            """),
        .init(
            "WRONG_TOKEN_LIMIT", .listeners, default: "300", .number(0...1_000_000, "wrong tokens a minute"),
            \.wrongTokenLimit,
            """
            After this many wrong tokens within a minute, no further token of that client (an IPv4 address, or a /64 \
            of IPv6) is checked for the rest of the minute, whatever RATE_LIMIT says; 0 means no limit.
            """),
        .init(
            "HEADER_TIMEOUT", .listeners, default: "10s", .duration(.milliseconds(100)...(.seconds(600))),
            \.headerTimeout,
            "How long the header of a request may take to arrive; then 408."),
        .init(
            "BODY_TIMEOUT", .listeners, default: "30s", .duration(.milliseconds(100)...(.seconds(600))), \.bodyTimeout,
            """
            How long the body of a request may take to arrive; then 408. A longer time helps clients that send much \
            over slow lines.
            """
        ),
        .init(
            "WRITE_TIMEOUT", .listeners, default: "30s", .duration(.milliseconds(100)...(.seconds(600))),
            \.writeTimeout,
            """
            The time in which a client must read at least 16 KiB of its answer. A slower client is disconnected, \
            because its answer uses memory.
            """),
        .init(
            "IDLE_TIMEOUT", .listeners, default: "75s", .duration(.milliseconds(100)...(.seconds(3600))), \.idleTimeout,
            """
            How long a connection may stay open without a request. It should be longer than the time for which a \
            proxy in front keeps its own idle connections.
            """),
        .init(
            "MIRROR", .listeners, default: "1", .flag, \.mirror,
            """
            1 answers at /v1alpha as the Jules API does, so that any tool made for it works through julesd, with \
            LOCAL_TOKEN as its key; 0 turns /v1alpha off.
            """),
        .init(
            "MCP", .listeners, default: "full", .choice(), \.mcp,
            """
            What coding agents may do at /mcp (Model Context Protocol) with the token: full lets them read and act, \
            read hides the tools that write, off turns /mcp off.
            """),

        .init(
            "PERSIST", .history, default: "0", .flag, \.persist, restart: true,
            """
            1 keeps the history in DATA_DIR/sessions.sqlite, over restarts; 0 keeps the newest 10,000 deltas or 64 \
            MB in memory.
            """),
        .init(
            "DATA_DIR", .history, default: "./data", .directory, \.dataDirectory, restart: true,
            "The directory of the history. Under systemd the default is the unit's state directory."),
        .init(
            "RETENTION_DAYS", .history, default: "90", .number(1...36_500, "days"), \.retentionDays,
            """
            The age at which deltas and activities are removed; sessions are kept. A longer time needs more disk \
            space.
            """),

        .init(
            "STORE", .instances, .store, \.store, secret: true, restart: true,
            """
            A PostgreSQL server (13 or newer) that keeps the history, instead of PERSIST and DATA_DIR, so that several \
            instances with the same settings can share it. Keep it as a credential or in a file that STORE_FILE \
            names, rather than here, because it may contain a password; only hosts and database are ever shown.
            """),
        .init(
            "INSTANCE", .instances, .instance, \.instance, restart: true,
            """
            The name of this instance among those that share STORE: in /api/status, in the log and in the status \
            line. Without it, the name is the host's name and the number of the process, HOST:PID.
            """),

        .init(
            "NOTIFY_WEBHOOK", .webhooks, .webhooks, \.webhookURLs, secret: true,
            """
            The URLs to which every delta is posted. A URL counts as a secret: the log shows its scheme, host and a \
            short hash.
            """),
        .init(
            "NOTIFY_WEBHOOK_SECRET", .webhooks, .signingSecrets, \.webhookSecrets, secret: true,
            """
            Secrets that sign each delivery (Standard Webhooks). All of them sign, so that one can replace the \
            other.
            """),
        .init(
            "NOTIFY_EVENTS", .webhooks, default: "all", .events, \.notifyEvents,
            """
            Which deltas are posted. attention is a session that newly waits for a person, finished one that is \
            newly completed or failed.
            """),
        .init(
            "NOTIFY_FORMAT", .webhooks, default: "delta", .webhookFormats, \.webhookFormats,
            "The format of the body: the delta itself, or the format of a chat or push service."),
        .init(
            "PUBLIC_URL", .webhooks, .publicURL, \.publicURL,
            """
            The address under which people reach julesd. If it is set, messages to chat and push services also link \
            to the session in the control room.
            """),

        .init(
            "RULES_DIR", .rules, default: "/etc/julesd/rules.d", .directory, \.rulesDirectory,
            """
            The folder of the administrator's rules (julesd-rules(5)): files *.rule that say what julesd may do by \
            itself. The package's rules are in /usr/lib/julesd/rules.d; a file here replaces one of the same name \
            there. A reload reads all rules again.
            """),

        .init(
            "READINESS", .service, default: "probe", .choice(), \.readiness, restart: true,
            """
            When the service is ready for systemd: probe waits for the first good answer from Jules, listening only \
            for the sockets.
            """),
        .init(
            "READY_TIMEOUT", .service, default: "5min", .duration(.milliseconds(100)...(.seconds(86_400))),
            \.readyTimeout, restart: true,
            "How long the first probe may keep failing. Then the daemon ends with exit status 69."),
        .init(
            "LOG_LEVEL", .service, default: "info", .logLevel, \.logLevel,
            "The lowest level that is logged. debug adds one line for each request."),
        .init(
            "LOG_FORMAT", .service, default: "auto", .choice(), \.logFormat, restart: true,
            """
            How the log is written: auto is the journal if standard error is the journal, text on a terminal, else \
            JSON lines on standard output.
            """),
    ]
}
