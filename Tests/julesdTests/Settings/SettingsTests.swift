// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import Testing

@testable import julesd

/// Settings from the text of a file and an environment, without access to other files.
func loadSettings(
    _ text: String = "", environment: [String: String] = [:], files: [String: String] = [:],
    inherited: [InheritedListener]? = nil
) throws(SettingsError) -> Settings {
    let files = files.merging(["/f": text]) { $1 }
    return try Settings.load(
        environment: environment, credentialsDirectory: "/c", configPath: "/f", inherited: inherited
    ) {
        path in files[path].map { Array($0.utf8) }
    }
}

private let key = "JULES_API_KEY=k\n"

private let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBdTCCARugAwIBAgIUCW8cHLgKWA1i3VQVLOutLqs84fowCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjcxNzE2MzVaGA8yMTI2MTEwMzE3MTYz
    NVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAAZ
    Ri1EVn+28zd0l2IkLG2p8ud8i8UVltiiU1X4gU12dCtXf3IuHX5dSrPlWlJ1NWta
    8u5GVxCdhEDMgF7MMVOjUzBRMB0GA1UdDgQWBBQuMwagqkZKl4pIcqugAI5avy4q
    5TAfBgNVHSMEGDAWgBQuMwagqkZKl4pIcqugAI5avy4q5TAPBgNVHRMBAf8EBTAD
    AQH/MAoGCCqGSM49BAMCA0gAMEUCIBVwB+HkxNHyZ435LBl5Lq+9jORn6UAebz8D
    bzqNcoLKAiEA/VhWlq93pucDA6aP8WVxFe5BiTkhQEjjWtzGSadXFvM=
    -----END CERTIFICATE-----

    """

@Suite("Settings", .timeLimit(.minutes(2)))
struct SettingsTests {
    @Test("The settings have the documented defaults")
    func defaults() throws {
        let written = SettingKey.all.map { "\($0.name)=\($0.defaultText)\n" }.joined() + key
        let settings = try loadSettings(written)
        var fresh = Settings()
        fresh.julesAPIKey = Secret("k")
        #expect(settings.difference(from: fresh) == SettingsDifference())
    }

    @Test("All settings in the guide of the older program are accepted as one file")
    func guide() throws {
        let settings = try loadSettings(
            """
            # API Authentication
            JULES_API_KEY=your-jules-api-key-here
            LOCAL_TOKEN=strong-random-token-here

            # Server Configuration
            PORT=3001
            # IP Allowlist (comma-separated CIDR prefixes)
            ALLOWLIST=192.168.1.0/24,10.0.0.0/8

            # CORS for remote UI
            CORS_ORIGIN=https://your-frontend.com
            # Enable SQLite persistence
            PERSIST=1

            # Webhook notifications
            NOTIFY_WEBHOOK=https://your-webhook-endpoint.com/notify

            # Custom Jules API endpoint
            JULES_API_BASE=https://api.jules.ai/v1
            NODE_ENV=production
            """, inherited: [])
        #expect(settings.julesAPIBase.text == "https://api.jules.ai/v1")
        #expect(settings.allowlist.networks.map(\.description) == ["192.168.1.0/24", "10.0.0.0/8"])
        #expect(settings.corsOrigins.map(\.description) == ["https://your-frontend.com"])
        #expect(settings.persist)
        #expect(settings.webhooks.map(\.format) == [.delta])
        #expect(settings.warnings.map(\.key).sorted() == ["JULES_API_BASE", "JULES_API_KEY", "LOCAL_TOKEN"])
    }

    @Test("Every key is read")
    func everyKey() throws {
        let settings = try loadSettings(
            """
            JULES_API_KEY=k
            JULES_API_BASE=http://127.0.0.1:8123/v1alpha//
            POLL_INTERVAL=250ms
            UPSTREAM_BUDGET=10
            UPSTREAM_TIMEOUT=2
            TASKS_PER_DAY=15
            TASKS_AT_ONCE=3
            TASKS_AT_ONCE_PER_REPO=1
            CA_FILE=/ca.pem
            HTTPS_PROXY=http://u:p@proxy:3128
            NO_PROXY=localhost,.example.com
            LOCAL_TOKEN=0123456789abcdef
            LOCAL_TOKEN_PREVIOUS=fedcba9876543210
            PORT=off
            HOST=::
            UNIX_SOCKET=/tmp/julesd.sock
            ALLOWLIST=127.0.0.1, ::1 ,2001:db8::/32
            TRUSTED_PROXIES=10.0.0.1
            CORS_ORIGIN=https://a.example,http://localhost:5173/
            RATE_LIMIT=0
            MIRROR=no
            MCP=read
            WRONG_TOKEN_LIMIT=0
            MAX_CONNECTIONS=7
            MAX_CONNECTIONS_PER_CLIENT=6
            HEADER_TIMEOUT=1s
            BODY_TIMEOUT=2s
            WRITE_TIMEOUT=3s
            IDLE_TIMEOUT=4s
            PERSIST=yes
            DATA_DIR=/data
            RETENTION_DAYS=36500
            STORE=postgresql://julesd:p%40ss@db1.example:5433,[::1]/julesd?sslmode=verify-full&target_session_attrs=read-write
            INSTANCE=host-a_1.example:1
            NOTIFY_WEBHOOK=https://a.example/x,http://[::1]:9/y
            NOTIFY_WEBHOOK_SECRET="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
            NOTIFY_EVENTS=attention, finished
            NOTIFY_FORMAT=ntfy,delta
            PUBLIC_URL=https://julesd.example.com/room/
            RULES_DIR=/rules
            READINESS=listening
            READY_TIMEOUT=1h
            LOG_LEVEL=warn
            LOG_FORMAT=json
            """, files: ["/ca.pem": certificate], inherited: [])
        #expect(settings.provenance.count == SettingKey.all.count)
        #expect(settings.warnings == [])
        #expect(settings.julesAPIKey?.reveal() == "k")
        #expect(settings.julesAPIBase.text == "http://127.0.0.1:8123/v1alpha")
        #expect(settings.pollInterval == .milliseconds(250))
        #expect(settings.upstreamBudget == 10)
        #expect(settings.upstreamTimeout == .seconds(2))
        #expect(settings.caFile == "/ca.pem")
        #expect(settings.httpsProxy?.reveal() == "http://u:p@proxy:3128")
        #expect(settings.noProxy == [.domain("localhost", port: nil), .domain("example.com", port: nil)])
        #expect(settings.localToken?.reveal() == "0123456789abcdef")
        #expect(settings.localTokenPrevious?.reveal() == "fedcba9876543210")
        #expect(settings.port == nil)
        #expect(settings.host.description == "::")
        #expect(settings.unixSocket == "/tmp/julesd.sock")
        #expect(settings.allowlist.networks.count == 3)
        #expect(settings.trustedProxies.networks.map(\.description) == ["10.0.0.1/32"])
        #expect(settings.corsOrigins.map(\.description) == ["https://a.example", "http://localhost:5173"])
        #expect(settings.rateLimit == 0)
        #expect(settings.mcp == .read)
        #expect(settings.wrongTokenLimit == 0)
        #expect(settings.maxConnections == 7)
        #expect(settings.maxConnectionsPerClient == 6)
        #expect(settings.headerTimeout == .seconds(1))
        #expect(settings.bodyTimeout == .seconds(2))
        #expect(settings.writeTimeout == .seconds(3))
        #expect(settings.idleTimeout == .seconds(4))
        #expect(settings.persist)
        #expect(settings.dataDirectory == "/data")
        #expect(settings.retentionDays == 36_500)
        #expect(settings.store?.secret.reveal().hasPrefix("postgresql://julesd:p%40ss@db1") == true)
        #expect(settings.store?.description == "postgresql://db1.example:5433,[::1]/julesd")
        #expect(settings.instance == "host-a_1.example:1")
        #expect(settings.webhooks.map(\.format) == [.ntfy, .delta])
        #expect(settings.webhooks.map(\.url.secret).map { $0.reveal() } == ["https://a.example/x", "http://[::1]:9/y"])
        #expect(settings.publicURL?.text == "https://julesd.example.com/room")
        #expect(settings.webhookSecrets.map(\.length) == [24, 32])
        #expect(settings.webhookSecrets[1].key() == Array(0..<32))
        #expect(settings.notifyEvents == [.attention, .finished])
        #expect(settings.readiness == .listening)
        #expect(settings.readyTimeout == .seconds(3600))
        #expect(settings.logLevel == Logger.Level.warning)
        #expect(settings.logFormat == .json)
    }

    @Test(
        "A value with a wrong form is refused with key and reason",
        arguments: [
            ("JULES_API_BASE=http://jules.example.com", "in clear"), ("JULES_API_BASE=https://u@h/", "user name"),
            ("JULES_API_BASE=https://h/?a=1", "query"), ("JULES_API_BASE=https://h/#a", "fragment"),
            ("JULES_API_BASE=jules", "is no http"), ("JULES_API_BASE=http://localhost.example.com", "in clear"),
            ("PORT=65536", "\"65536\" is no port"), ("PORT=-1", "is no port"), ("PORT=+1", "is no port"),
            ("HOST=localhost", "write 127.0.0.1"), ("HOST=[::1]", "is no IP"),
            ("ALLOWLIST=x,10.0.0.0/8,y", "\"x,y\" is no network"),
            ("TRUSTED_PROXIES=10.0.0.0/33", "is no network"), ("CORS_ORIGIN=*", "exact origins"),
            ("CORS_ORIGIN=https://a.b/c", "is no origin"), ("RATE_LIMIT=-1", "whole number"),
            ("RATE_LIMIT=1.5", "whole number"),
            ("UPSTREAM_BUDGET=9", "too small"), ("RETENTION_DAYS=0", "too small"),
            ("RETENTION_DAYS=36501", "too large"),
            ("MAX_CONNECTIONS=0", "too small"), ("POLL_INTERVAL=0", "too short"), ("POLL_INTERVAL=2d", "too long"),
            ("POLL_INTERVAL=5m", "no duration"), ("UPSTREAM_TIMEOUT=99999999999999999999", "no duration"),
            ("PERSIST=2", "neither"), ("NOTIFY_EVENTS=created,gone", "\"gone\" is no event"),
            ("NOTIFY_FORMAT=xml", "no format"), ("PUBLIC_URL=julesd.example.com", "is no http"),
            ("PUBLIC_URL=https://julesd.example.com/#/inbox", "fragment"),
            ("NOTIFY_FORMAT=delta,slack", "2 formats for 0 URLs"), ("READINESS=soon", "choices"),
            ("READY_TIMEOUT=x", "no duration"),
            ("LOG_LEVEL=loud", "no log level"), ("LOG_FORMAT=xml", "choices"), ("CA_FILE=/no.pem", "no file /no.pem"),
            ("UNIX_SOCKET=/\(String(repeating: "x", count: 107))", "too long"), ("NO_PROXY=é", "no host"),
            ("NOTIFY_FORMAT=,", "lists nothing"), ("NOTIFY_EVENTS=,", "lists nothing"),
            ("INSTANCE=host a", "no name of an instance"), ("INSTANCE=höst", "no name of an instance"),
            ("INSTANCE=\(String(repeating: "x", count: 64))", "no name of an instance"),
        ])
    func refusals(line: String, reason: String) throws {
        let fault = #expect(throws: SettingsError.self) { _ = try loadSettings(key + line) }
        let problem = try #require(fault?.problems.first)
        #expect(fault?.problems.count == 1)
        #expect(problem.key == String(line.prefix { $0 != "=" }))
        #expect(problem.place == .file(path: "/f", line: 2))
        #expect(problem.reason.contains(reason), "\(problem)")
    }

    @Test(
        "No error quotes a secret",
        arguments: [
            "JULES_API_KEY=\"hunter2 x\"", "LOCAL_TOKEN=hunter2", "LOCAL_TOKEN=hunter2,0123456789",
            "LOCAL_TOKEN_PREVIOUS=hunter2é0123456789", "NOTIFY_WEBHOOK=http://h.example/hunter2",
            "NOTIFY_WEBHOOK=https://h.example/hunter2#x", "NOTIFY_WEBHOOK=hunter2",
            "NOTIFY_WEBHOOK=https://h.example/hunter2,https://h.example/hunter2", "NOTIFY_WEBHOOK_SECRET=hunter2",
            "NOTIFY_WEBHOOK_SECRET=whsec_hunter2!", "HTTPS_PROXY=ftp://hunter2@h", "STORE=hunter2",
            "STORE=postgresql://u:hunter2@h:x/d", "LOCAL_TOKEN=hunter2 # hunter2",
        ])
    func secretsInFaults(line: String) {
        let fault = #expect(throws: SettingsError.self) {
            _ = try loadSettings("JULES_API_BASE=http://127.0.0.1\n" + line)
        }
        #expect(fault?.problems.count == 1)
        #expect(fault?.description.contains("hunter2") == false, "\(fault?.description ?? "")")
    }

    @Test(
        "A CA_FILE without a certificate is refused",
        arguments: ["", "x", "\n", "-----BEGIN CERTIFICATE-----\n"])
    func noCertificate(text: String) throws {
        let fault = #expect(throws: SettingsError.self) {
            _ = try loadSettings(key + "CA_FILE=/ca.pem", files: ["/ca.pem": text])
        }
        let problem = try #require(fault?.problems.first)
        #expect(problem.key == "CA_FILE" && problem.place == .file(path: "/f", line: 2))
        #expect(problem.reason.contains("/ca.pem has no certificate"), "\(problem)")
    }

    @Test(
        "Quotes that docker run --env-file keeps around a value give a warning that quotes no secret",
        arguments: [
            ("JULES_API_KEY", "\"hunter2hunter2hunter2\""), ("LOCAL_TOKEN", "'hunter2hunter2hunter2'"),
            ("LOCAL_TOKEN_PREVIOUS", "'hunter2hunter2hunter2'"), ("DATA_DIR", "'/data'"),
        ])
    func quotes(key: String, value: String) throws {
        let environment = ["JULES_API_KEY": "k", "LOCAL_TOKEN": "0123456789abcdef"].merging([key: value]) { $1 }
        let warnings = try loadSettings(environment: environment, inherited: []).warnings.filter { $0.key == key }
        let quote = String(value.prefix(1))
        #expect(
            warnings.contains { $0.reason.contains("quotes (\(quote))") && $0.place == .environment }, "\(warnings)")
        #expect(!"\(warnings)".contains("hunter2"))
    }

    @Test("Such quotes are also named if they make a value invalid", arguments: ["PORT", "NOTIFY_WEBHOOK"])
    func faultyQuotes(key: String) throws {
        let fault = #expect(throws: SettingsError.self) {
            _ = try loadSettings(environment: ["JULES_API_KEY": "k", key: "\"hunter2\""])
        }
        let problem = try #require(fault?.problems.first { $0.key == key })
        #expect(problem.reason.contains("quotes (\")"), "\(problem)")
    }

    @Test("Files from Windows are read, with a byte order mark and CR LF line ends")
    func windows() throws {
        let settings = try loadSettings(
            "\u{FEFF}JULES_API_KEY_FILE=/key\r\nPORT=4001\r\n# a comment\r\nDATA_DIR=\"/a b\"\r\n",
            files: ["/key": "\u{FEFF}the-key\r\n", "/c/local_token": "\u{FEFF}0123456789abcdef\r\n"], inherited: [])
        #expect(settings.julesAPIKey?.reveal() == "the-key")
        #expect(settings.localToken?.reveal() == "0123456789abcdef")
        #expect(settings.port == 4001 && settings.dataDirectory == "/a b")
        #expect(settings.warnings == [])
    }

    @Test("The effective settings show no secret, and a webhook only as scheme, host and hash")
    func secretsShown() throws {
        let settings = try loadSettings(
            """
            JULES_API_KEY=hunter2
            LOCAL_TOKEN=hunter2hunter2hunter2
            NOTIFY_WEBHOOK=https://hooks.example.com/hunter2
            NOTIFY_WEBHOOK_SECRET=whsec_aHVudGVyMg==
            HTTPS_PROXY=http://hunter2@h
            STORE=postgres://hunter2:hunter2@db.example/julesd?password=hunter2
            """)
        var dumped = settings.effectiveText
        dump(settings, to: &dumped)
        dumped += settings.warnings.map(\.description).joined()
        #expect(!dumped.contains("hunter2"))
        #expect(!dumped.contains("aHVudGVyMg"))
        #expect(settings.effectiveText.contains("STORE=postgres://db.example/julesd  (/f:6)"))
        #expect(settings.effectiveText.contains(#/NOTIFY_WEBHOOK=https://hooks\.example\.com\#[0-9a-f]{8} /#))
    }

    @Test("All problems are reported together, each with its place")
    func together() {
        let fault = #expect(throws: SettingsError.self) {
            _ = try loadSettings(
                "PROT=1\nPORT=x\n", environment: ["RATE_LIMIT": "x"], files: ["/c/local_token": "short"], inherited: [])
        }
        #expect(
            fault?.problems.map { "\($0.key ?? "-") \($0.place.map { "\($0)" } ?? "-")" } == [
                "PROT /f:1", "LOCAL_TOKEN credential local_token", "PORT /f:2", "RATE_LIMIT environment",
                "JULES_API_KEY -",
            ])
        #expect(fault?.problems.first?.nearest == "PORT")
        #expect(fault?.problems[3].accepted == "a whole number of requests a minute, 0 to 1000000")
    }

    @Test(
        "A loopback upstream needs no API key",
        arguments: ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://127.0.0.9"])
    func keyless(base: String) throws {
        #expect(try loadSettings("JULES_API_BASE=\(base)").julesAPIKey == nil)
    }

    @Test("A sealed credential counts as set, without its value")
    func sealed() throws {
        let settings = try Settings.load(sealedDirectory: "/s", inherited: []) { path in
            path == "/s/local_token" || path == "/s/jules_api_key" ? [1] : nil
        }
        #expect(settings.sealed == ["JULES_API_KEY", "LOCAL_TOKEN"])
        #expect(settings.effectiveText.contains("LOCAL_TOKEN=[sealed]  (credential local_token)"))
    }

    @Test("The unit's state directory is the default of DATA_DIR")
    func stateDirectory() throws {
        let environment = ["STATE_DIRECTORY": "/var/lib/julesd:/var/lib/other"]
        #expect(try loadSettings(key, environment: environment).dataDirectory == "/var/lib/julesd")
        #expect(try loadSettings(key + "DATA_DIR=/d", environment: environment).dataDirectory == "/d")
        #expect(try loadSettings(key).dataDirectory == "./data")
    }

    @Test(
        "A setting that works, but perhaps not as meant, gives a warning",
        arguments: [
            ("LOCAL_TOKEN=0123456789abcdef+/==", "browsers"), ("LOCAL_TOKEN=0123456789abcdef", nil),
            ("LOCAL_TOKEN=!#$%&'*+-.^_`|~aZ9", nil), ("ALLOWLIST=192.168.1.7/24", "192.168.1.0/24"),
            ("ALLOWLIST=192.168.1.0/24", nil),
            ("HOST=0.0.0.0\nLOCAL_TOKEN=0123456789abcdef", "ALLOWLIST is empty"), ("PERSIST=0\nPERSIST=1", "replaces"),
            ("NOTIFY_WEBHOOK_SECRET=whsec_c2VjcmV0", "recommended"),
            ("JULES_API_BASE=https://api.jules.ai/v1", "public API"),
            ("LOCAL_TOKEN=0123456789abcdef\nLOCAL_TOKEN_PREVIOUS=0123456789abcdef", "the same"),
        ] as [(String, String?)])
    func warnings(lines: String, text: String?) throws {
        let token = lines.contains("LOCAL_TOKEN=") ? "" : "LOCAL_TOKEN=fedcba9876543210\n"
        let warnings = try loadSettings(key + token + lines, inherited: []).warnings
        #expect(warnings.count == (text == nil ? 0 : 1))
        if let text { #expect(warnings.first?.description.contains(text) == true, "\(warnings)") }
    }
}
