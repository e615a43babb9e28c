// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Dispatch
import Glibc
import Testing

@testable import julesd

@Suite("Effects of a reload on each key", .timeLimit(.minutes(2)))
struct ReloadTableTests {
    /// For each key a value other than its default.
    private static let changes = [
        "JULES_API_KEY": "another", "JULES_API_BASE": "https://other.example/v1", "POLL_INTERVAL": "7s",
        "UPSTREAM_BUDGET": "77", "UPSTREAM_TIMEOUT": "7s", "CA_FILE": "", "HTTPS_PROXY": "proxy.example:3128",
        "NO_PROXY": "other.example", "LOCAL_TOKEN": "another-0123456789", "LOCAL_TOKEN_PREVIOUS": "earlier-0123456789",
        "PORT": "4001", "HOST": "127.0.0.2", "UNIX_SOCKET": "/run/other.sock", "ALLOWLIST": "10.0.0.0/8",
        "TRUSTED_PROXIES": "10.0.0.7", "CORS_ORIGIN": "https://page.example", "RATE_LIMIT": "7", "MAX_CONNECTIONS": "7",
        "MIRROR": "0", "MCP": "read", "TASKS_PER_DAY": "7", "TASKS_AT_ONCE": "7", "TASKS_AT_ONCE_PER_REPO": "7",
        "MAX_CONNECTIONS_PER_CLIENT": "7", "WRONG_TOKEN_LIMIT": "7", "HEADER_TIMEOUT": "7s", "BODY_TIMEOUT": "7s",
        "WRITE_TIMEOUT": "7s", "IDLE_TIMEOUT": "7s", "PERSIST": "1", "DATA_DIR": "/other", "RETENTION_DAYS": "7",
        "STORE": "postgresql://db.example/julesd", "INSTANCE": "b",
        "NOTIFY_WEBHOOK": "https://hooks.example/x",
        "NOTIFY_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "NOTIFY_EVENTS": "deleted", "NOTIFY_FORMAT": "slack", "PUBLIC_URL": "https://julesd.example",
        "RULES_DIR": "/rules", "READINESS": "listening", "READY_TIMEOUT": "7s",
        "LOG_LEVEL": "debug", "LOG_FORMAT": "text",
    ]

    private func settings(_ key: String? = nil, _ value: String = "") throws(SettingsError) -> Settings {
        var environment = ["JULES_API_KEY": "k", "LOCAL_TOKEN": "0123456789abcdef"]
        if let key { environment[key] = value }
        return try loadSettings(environment: environment, inherited: [])
    }

    @Test("Every key is changed by this test")
    func completeness() {
        #expect(Set(Self.changes.keys) == Set(SettingKey.all.map(\.name)))
    }

    @Test(
        "After a reload a changed key is in effect, or unchanged and named as one that needs a restart",
        arguments: changes.keys)
    func everyKey(name: String) async throws {
        let key = try #require(SettingKey.named(name))
        let old = try settings()
        var new = try settings(name, try #require(Self.changes[name]))
        // Loading this setting would require a real file.
        if name == "CA_FILE" { new.caFile = "/ca.pem" }
        let live = LiveSettings(old) { [new] () throws(SettingsError) in new }
        let difference = try await live.reload()
        #expect(
            difference
                == SettingsDifference(reloaded: key.isReloadable ? [name] : [], restart: key.isReloadable ? [] : [name])
        )
        #expect(key.differs(live.current, old) == key.isReloadable)
        #expect(key.differs(live.current, new) != key.isReloadable)
        let others = SettingKey.all.filter { $0.name != name && $0.differs(live.current, old) }
        #expect(others.map(\.name) == [])
        // A key that needs a restart is named at each reload. A key that is in effect is not a change any more.
        #expect(try await live.reload() == SettingsDifference(restart: key.isReloadable ? [] : [name]))
    }

    @Test("A key stays if its removal is valid only with a change that needs a restart")
    func contradiction() async throws {
        let live = LiveSettings(try settings()) { () throws(SettingsError) in
            try loadSettings("JULES_API_BASE=http://127.0.0.1:1\nLOCAL_TOKEN=0123456789abcdef\nRATE_LIMIT=7")
        }
        await #expect(throws: SettingsError.self) { try await live.reload() }
        #expect(live.current.julesAPIKey?.reveal() == "k" && live.current.rateLimit == 60)
    }

    @Test("A reload can be given up if the disk hangs")
    func hangingDisk() async throws {
        let disk = DispatchSemaphore(value: 0)
        let reading = AsyncStream.makeStream(of: Void.self)
        let live = LiveSettings(try settings()) { () throws(SettingsError) in
            reading.continuation.yield()
            disk.wait()
            return Settings()
        }
        let reload = Task { try await live.reload() }
        for await _ in reading.stream { break }
        reload.cancel()
        #expect(try await reload.value == nil)
        disk.signal()
    }
}
