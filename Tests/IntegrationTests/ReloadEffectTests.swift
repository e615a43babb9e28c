// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import julesd

/// The visible effect of one setting.
struct Effect: Sendable, CustomTestStringConvertible {
    let key: String
    var before = ""
    let after: String
    /// Further settings, which do not change.
    var besides: [String: String] = [:]
    let observe: @Sendable (EffectBench) async throws -> String

    var testDescription: String { key }
}

/// A daemon with one settings file, and everything that it talks to.
struct EffectBench: Sendable {
    let jules: FakeJules
    let otherJules: FakeJules
    let endpoint: FakeEndpoint
    let otherEndpoint: FakeEndpoint
    let folder: TemporaryFolder
    let otherFolder: TemporaryFolder
    let daemon: DaemonProcess
    let http: HTTPCaller

    /// The head of the answer to a request on its own connection.
    func head(_ fields: String...) async throws -> String {
        let connection = try await RawConnection(http.address)
        let lines = ["GET /api/sessions HTTP/1.1", "Host: test", "Connection: close"] + fields
        try await connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        return try await connection.rest().components(upTo: "\r\n\r\n")
    }

    func status(_ fields: String...) async throws -> String {
        try await head("Authorization: Bearer \(Launch.token)", fields.first ?? "X-Nothing: x").components(upTo: "\r\n")
    }

    /// Changes a title and adds a session, and returns the next request that either endpoint receives.
    func delivery() async throws -> (endpoint: String, call: FakeEndpoint.Call) {
        // Deliveries of an earlier call may still be under way.
        while try await http.get("/api/deliveries?state=pending").json["deliveries"]?.array?.isEmpty == false {
            try await Task.sleep(for: .milliseconds(5))
        }
        _ = endpoint.calls.takeAll() + otherEndpoint.calls.takeAll()
        jules.update { $0.change($0.sessions[0].id) { $0.title += "+" } }
        try await jules.awaitPoll()
        jules.update { _ = $0.add() }
        while true {
            if let call = endpoint.calls.takeAll().first { return ("one", call) }
            if let call = otherEndpoint.calls.takeAll().first { return ("another", call) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func takesConnections(_ host: String, _ port: Int) async throws -> String {
        guard let connection = try? await RawConnection(try SocketAddress(ipAddress: host, port: port)) else {
            return "no"
        }
        await connection.close()
        return "yes"
    }
}

@Suite("Visible effects of a reload", .timeLimit(.minutes(5)))
struct ReloadEffectTests {
    private static let freePort: Int = {
        // The kernel gives no port of this range by itself (net.ipv4.ip_local_port_range begins above it).
        20_000 + Int(getpid()) % 10_000
    }()

    /// Keys whose effect is not visible from outside, or not within a test's time, and why.
    private static let unseen = [
        "CA_FILE": "needs a server with TLS; the client's tests have one", "HTTPS_PROXY": "is never used for loopback",
        "NO_PROXY": "is never used for loopback", "MAX_CONNECTIONS_PER_CLIENT": "exempts loopback",
        "UPSTREAM_TIMEOUT": "takes as long as it says", "HEADER_TIMEOUT": "takes as long as it says",
        "BODY_TIMEOUT": "takes as long as it says", "WRITE_TIMEOUT": "takes as long as it says",
        "IDLE_TIMEOUT": "takes as long as it says", "RETENTION_DAYS": "works once an hour",
        "READINESS": "matters at the start", "READY_TIMEOUT": "matters at the start",
        "LOG_FORMAT": "changes what these tests read", "RULES_DIR": "has tests of its own",
        "TASKS_AT_ONCE_PER_REPO": "shows only in which task starts; the queue's tests have it",
        "STORE": "needs a PostgreSQL server; the tests of several instances have one",
        "INSTANCE": "shows only if there are several; their tests have it",
    ]

    private static let effects: [Effect] = [
        Effect(key: "JULES_API_KEY", before: FakeJules.key, after: "no-key-of-this-account") {
            "\(try await $0.http.get("/api/sessions/\($0.jules.first.id)?refresh=1").status)"
        },
        Effect(key: "JULES_API_BASE", before: "@jules", after: "@otherJules", besides: ["READINESS": "listening"]) {
            let known = $0.jules.count(.list) + $0.otherJules.count(.list)
            try await awaitTrue("a poll") { [bench = $0] in
                bench.jules.count(.list) + bench.otherJules.count(.list) > known + 2
            }
            return $0.otherJules.count(.list) > 0 ? "another API" : "the API"
        },
        Effect(key: "POLL_INTERVAL", before: "20ms", after: "1min") {
            let known = $0.jules.count(.list)
            try await Task.sleep(for: .milliseconds(600))
            return $0.jules.count(.list) > known + 3 ? "many polls" : "few polls"
        },
        Effect(key: "UPSTREAM_BUDGET", before: "100000", after: "70000") {
            "\(try await $0.http.get("/api/status").json["budget"]?["limit"]?.int ?? 0)"
        },
        Effect(key: "LOCAL_TOKEN", before: Launch.token, after: "another-integration-token") { try await $0.status() },
        Effect(
            key: "LOCAL_TOKEN_PREVIOUS", after: Launch.token, besides: ["LOCAL_TOKEN": "another-integration-token"]
        ) { try await $0.status() },
        Effect(key: "PORT", before: "0", after: "\(freePort)") { try await $0.takesConnections("127.0.0.1", freePort) },
        Effect(key: "HOST", before: "127.0.0.1", after: "0.0.0.0") {
            try await $0.takesConnections("127.0.0.9", $0.http.address.port ?? 0)
        },
        Effect(key: "UNIX_SOCKET", after: "@folder/a.sock") { $0.folder.exists("a.sock") ? "there" : "not there" },
        Effect(key: "ALLOWLIST", after: "10.0.0.0/8") { try await $0.status() },
        Effect(key: "TRUSTED_PROXIES", after: "127.0.0.1") { try await $0.status("X-Forwarded-For: 203.0.113.7") },
        Effect(key: "CORS_ORIGIN", after: "https://page.example") {
            try await $0.head("Origin: https://page.example").contains("llow-") ? "allowed" : "a stranger"
        },
        Effect(key: "RATE_LIMIT", before: "50", after: "70") {
            try await $0.head().contains("q=50;") ? "50" : "70"
        },
        Effect(key: "WRONG_TOKEN_LIMIT", before: "300", after: "1") {
            for _ in 1...2 { _ = try await $0.head("Authorization: Bearer wrong") }
            return try await $0.head("Authorization: Bearer wrong").components(upTo: "\r\n")
        },
        Effect(key: "MAX_CONNECTIONS", before: "50", after: "1") {
            var first: RawConnection
            // An earlier connection counts until the daemon has seen its end.
            repeat {
                first = try await RawConnection($0.http.address)
                try await first.send("GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            } while try await !first.text(upTo: "\r\n\r\n").hasPrefix("HTTP/1.1 200 ")
            let status = try await $0.http.get("/healthz").status
            await first.close()
            return "\(status)"
        },
        Effect(key: "PERSIST", before: "0", after: "1") {
            $0.folder.exists("sessions.sqlite") ? "a file" : "none"
        },
        Effect(key: "TASKS_PER_DAY", after: "7") {
            "\(try await $0.http.get("/api/quota").json["perDay"]?["limit"]?.int ?? -1)"
        },
        Effect(key: "TASKS_AT_ONCE", after: "7") {
            "\(try await $0.http.get("/api/quota").json["atOnce"]?["limit"]?.int ?? -1)"
        },
        Effect(key: "MIRROR", after: "0") {
            try await $0.http.get("/v1alpha/sources").status == 404 ? "gone" : "there"
        },
        Effect(key: "MCP", after: "off") {
            try await $0.http.post("/mcp", #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).status == 404
                ? "gone" : "there"
        },
        Effect(key: "DATA_DIR", before: "@folder", after: "@otherFolder", besides: ["PERSIST": "1"]) {
            $0.otherFolder.exists("sessions.sqlite") ? "another folder" : "one folder"
        },
        Effect(key: "NOTIFY_WEBHOOK", before: "@endpoint", after: "@otherEndpoint") {
            try await $0.delivery().endpoint
        },
        Effect(
            key: "NOTIFY_WEBHOOK_SECRET", after: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            besides: ["NOTIFY_WEBHOOK": "@endpoint"]
        ) { try await $0.delivery().call.headers["webhook-signature"] == nil ? "unsigned" : "signed" },
        Effect(key: "NOTIFY_EVENTS", before: "updated", after: "created", besides: ["NOTIFY_WEBHOOK": "@endpoint"]) {
            try await $0.delivery().call.json["changeType"]?.string ?? ""
        },
        Effect(key: "NOTIFY_FORMAT", before: "delta", after: "slack", besides: ["NOTIFY_WEBHOOK": "@endpoint"]) {
            try await $0.delivery().call.json["changeType"] == nil ? "a text" : "a delta"
        },
        Effect(
            key: "PUBLIC_URL", after: "https://julesd.example",
            besides: ["NOTIFY_WEBHOOK": "@endpoint", "NOTIFY_FORMAT": "slack"]
        ) {
            String(decoding: try await $0.delivery().call.json.bytes, as: UTF8.self)
                .contains("https://julesd.example/#/session/") ? "a link" : "no link"
        },
        Effect(key: "LOG_LEVEL", before: "info", after: "debug") { bench in
            _ = try await bench.http.get("/api/sources")
            // A refused request is logged at info, after all earlier requests.
            let fence = "fence-\(randomToken().prefix(8))"
            _ = try await bench.head("X-Request-Id: \(fence)")
            try await awaitTrue("the log") { bench.daemon.output.contains(fence) }
            return bench.daemon.output.contains("/api/sources") ? "each request" : "no request"
        },
    ]

    @Test("Every key is tried here, or has a reason why not")
    func completeness() {
        let tried = Self.effects.map(\.key)
        #expect(Set(tried + Self.unseen.keys) == Set(SettingKey.all.map(\.name)))
        #expect(Set(tried).isDisjoint(with: Self.unseen.keys))
    }

    @Test("A change is visible at once, or after a restart if the key says so, and not before", arguments: effects)
    func effect(_ effect: Effect) async throws {
        let key = try #require(SettingKey.named(effect.key))
        let (jules, otherJules) = (try await FakeJules.start(), try await FakeJules.start())
        let (endpoint, otherEndpoint) = (try await FakeEndpoint.start(), try await FakeEndpoint.start())
        let folder = try TemporaryFolder()
        let otherFolder = try TemporaryFolder()
        let files = try TemporaryFolder()
        let places = [
            "@jules": jules.base, "@otherJules": otherJules.base, "@endpoint": endpoint.url,
            "@otherEndpoint": otherEndpoint.url, "@folder": folder.path, "@folder/a.sock": folder.file("a.sock"),
            "@otherFolder": otherFolder.path,
        ]
        func write(_ value: String) throws {
            var settings = [
                "JULES_API_BASE": jules.base, "JULES_API_KEY": FakeJules.key, "LOCAL_TOKEN": Launch.token, "PORT": "0",
                "RATE_LIMIT": "0", "POLL_INTERVAL": "20ms", "UPSTREAM_BUDGET": "100000", "LOG_FORMAT": "json",
                "DATA_DIR": folder.path,
            ].merging(effect.besides) { $1 }
            settings[effect.key] = value
            try files.write(settings.map { "\($0)=\(places[$1] ?? $1)\n" }.sorted().joined(), to: "julesd.conf")
        }
        let launch = Launch(["--config", files.file("julesd.conf")])

        try write(effect.before)
        let (first, second) = try await withDaemon(launch) { daemon in
            let bench = EffectBench(
                jules: jules, otherJules: otherJules, endpoint: endpoint, otherEndpoint: otherEndpoint, folder: folder,
                otherFolder: otherFolder, daemon: daemon, http: HTTPCaller(address: try await daemon.address()))
            try await daemon.event("the account has been read")
            let first = try await effect.observe(bench)
            try write(effect.after)
            daemon.signal(SIGHUP)
            try await daemon.event("reload_done")
            let second = try await effect.observe(bench)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            return (first, second)
        }
        guard !key.isReloadable else {
            #expect(first != second, "both \(first)")
            return
        }
        #expect(first == second)
        let third = try await withDaemon(launch) { daemon in
            let bench = EffectBench(
                jules: jules, otherJules: otherJules, endpoint: endpoint, otherEndpoint: otherEndpoint, folder: folder,
                otherFolder: otherFolder, daemon: daemon, http: HTTPCaller(address: try await daemon.address()))
            try await daemon.event("ready")
            return try await effect.observe(bench)
        }
        #expect(third != first, "the restart shows it: still \(first)")
    }
}

extension String {
    fileprivate func components(upTo end: String) -> String {
        firstRange(of: end).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
