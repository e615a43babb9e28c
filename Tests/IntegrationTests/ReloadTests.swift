// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

@Suite("Reloading", .timeLimit(.minutes(5)))
struct ReloadTests {
    private static let newToken = "another-integration-token"

    @Test("A reload replaces the token, and followers stay connected")
    func token() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let (launch, file) = try launch(jules, notify, folder)
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await notify.message(with: ["READY": "1"])
            try await awaitSession(jules.first.id, http)
            let follower = try await FeedClient(http.address)
            _ = try await follower.next("hello")

            try folder.write("LOCAL_TOKEN=\(Self.newToken)\n", to: file)
            let before = monotonicMicroseconds()
            daemon.signal(SIGHUP)
            let reloading = try await notify.message(with: ["RELOADING": "1", "MONOTONIC_USEC": nil])
            let stamp = Int(reloading["MONOTONIC_USEC"] ?? "") ?? 0
            #expect(stamp >= before && stamp <= monotonicMicroseconds())
            try await notify.message(with: ["READY": "1"])
            #expect(try await http.get("/api/sessions").status == 401)
            let newcomer = HTTPCaller(address: http.address, token: Self.newToken)
            #expect(try await newcomer.get("/api/sessions").status == 200)

            try folder.write("LOCAL_TOKEN=\(Self.newToken)\nLOCAL_TOKEN_PREVIOUS=\(Launch.token)\n", to: file)
            daemon.signal(SIGHUP)
            try await notify.message(with: ["RELOADING": "1"])
            try await notify.message(with: ["READY": "1"])
            #expect(try await http.get("/api/sessions").status == 200)
            #expect(try await newcomer.get("/api/sessions").status == 200)

            jules.update { $0.change($0.sessions[0].id) { $0.title = "After two reloads" } }
            let delta = try await follower.delta(of: jules.first.id)
            #expect(delta["after"]?["title"] == "After two reloads")
        }
    }

    @Test("A faulty file changes nothing and is reported")
    func faultyFile() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let (launch, file) = try launch(jules, notify, folder)
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await notify.message(with: ["READY": "1"])
            try folder.write("LOCAL_TOKEN=\(Self.newToken)\nRETENTION_DAYS=soon\n", to: file)
            daemon.signal(SIGHUP)
            try await notify.message(with: ["RELOADING": "1"])
            try await notify.message(with: ["READY": "1"])
            try await daemon.event("reload_refused")
            #expect(daemon.output.contains("RETENTION_DAYS"))
            #expect(try await http.get("/api/sessions").status == 200)
            #expect(
                try await HTTPCaller(address: http.address, token: Self.newToken).get("/api/sessions").status == 401)
        }
    }

    @Test("A change that needs a restart is named in the log and in the status line")
    func restartNeeded() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let (launch, file) = try launch(jules, notify, folder)
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await notify.message(with: ["READY": "1"])
            try folder.write("LOCAL_TOKEN=\(Launch.token)\nPORT=4444\n", to: file)
            daemon.signal(SIGHUP)
            try await notify.message(with: ["RELOADING": "1"])
            let status = try await notify.message(with: ["READY": "1", "STATUS": nil])["STATUS"] ?? ""
            #expect(status.contains("restart") && status.contains("PORT"), "\(status)")
            let event = try await daemon.event("reload_needs_restart")
            #expect(event["text"]?.string?.contains("PORT") ?? false)
            #expect(try await http.get("/healthz").status == 200)

            // After the change is undone, no restart is needed.
            try folder.write("LOCAL_TOKEN=\(Launch.token)\nPORT=0\n", to: file)
            daemon.signal(SIGHUP)
            try await notify.message(with: ["RELOADING": "1"])
            let after = try await notify.message(with: ["READY": "1", "STATUS": nil])["STATUS"] ?? ""
            #expect(!after.contains("restart"), "\(after)")
        }
    }

    @Test("A reload while Jules is still awaited does not make the daemon ready")
    func whileStarting() async throws {
        let jules = try await FakeJules.start { $0.outage = .unavailable }
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let (launch, _) = try launch(jules, notify, folder)
        try await withDaemon(launch) { daemon in
            try await daemon.event("waiting_for_upstream")
            // The second reload begins after all notifications of the first one.
            for _ in 1...2 {
                daemon.signal(SIGHUP)
                try await daemon.event("reload_done")
            }
            #expect(notify.takeAll().allSatisfy { $0["READY"] == nil })
            jules.update { $0.outage = nil }
            try await notify.message(with: ["READY": "1"])
        }
    }

    @Test("A named pipe in place of the settings file is refused, and the daemon can still be stopped")
    func pipe() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let (launch, file) = try launch(jules, notify, folder)
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await notify.message(with: ["READY": "1"])
            #expect(unlink(folder.file(file)) == 0 && mkfifo(folder.file(file), 0o600) == 0)
            daemon.signal(SIGHUP)
            try await daemon.event("reload_refused")
            #expect(daemon.output.contains("it is a pipe"))
            try await notify.message(with: ["RELOADING": "1"])
            try await notify.message(with: ["READY": "1"])
            #expect(try await http.get("/api/sessions").status == 200)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
    }

    @Test("A named pipe in place of a secret's file is refused, and the daemon can still be stopped")
    func secretPipe() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let (launch, file) = try launch(jules, notify, folder)
        try folder.write(Launch.token, to: "token")
        try folder.write("LOCAL_TOKEN_FILE=\(folder.file("token"))\nPORT=0\n", to: file)
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await notify.message(with: ["READY": "1"])
            #expect(unlink(folder.file("token")) == 0 && mkfifo(folder.file("token"), 0o600) == 0)
            daemon.signal(SIGHUP)
            try await daemon.event("reload_refused")
            #expect(try await http.get("/api/sessions").status == 200)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
    }

    @Test("SIGTERM stops the daemon even among many reloads")
    func stopAmongReloads() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let (launch, _) = try launch(jules, notify, folder)
        try await withDaemon(launch) { daemon in
            try await notify.message(with: ["READY": "1"])
            for _ in 1...100 { daemon.signal(SIGHUP) }
            daemon.signal(SIGTERM)
            for _ in 1...100 { daemon.signal(SIGHUP) }
            #expect(try await daemon.exitStatus() == 0)
        }
    }

    @Test("While the store fails, a removed webhook gets nothing, and the rest of the reload is retried")
    func failingStore() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let (old, new) = (try await FakeEndpoint.start(), try await FakeEndpoint.start())
        var (launch, file) = try launch(jules, notify, folder)
        launch.environment["PERSIST"] = "1"
        launch.environment["DATA_DIR"] = folder.path
        func write(_ endpoint: FakeEndpoint) throws {
            try folder.write("LOCAL_TOKEN=\(Launch.token)\nPORT=0\nNOTIFY_WEBHOOK=\(endpoint.url)\n", to: file)
        }
        try write(old)
        try await withDaemon(launch) { daemon in
            try await notify.message(with: ["READY": "1"])
            try await daemon.event("the account has been read")
            jules.update { $0.change($0.sessions[0].id) { $0.title = "one" } }
            _ = try await old.next()

            let other = try SQLiteConnection(path: folder.file("sessions.sqlite"), mode: .readWrite)
            try other.execute("BEGIN IMMEDIATE")
            try write(new)
            daemon.signal(SIGHUP)
            let event = try await daemon.event("reload_delayed")
            #expect(event["text"]?.string?.contains("NOTIFY_WEBHOOK") ?? false)
            try await notify.message(with: ["RELOADING": "1"])
            let status = try await notify.message(with: ["READY": "1", "STATUS": nil])["STATUS"] ?? ""
            #expect(status.contains("the reload is not complete"), "\(status)")

            jules.update { $0.change($0.sessions[0].id) { $0.title = "two" } }
            try await jules.awaitPoll()
            try other.execute("ROLLBACK")
            let done = try await daemon.event("reload_done")
            #expect(done["text"]?.string?.contains("NOTIFY_WEBHOOK") ?? false)
            jules.update { $0.change($0.sessions[0].id) { $0.title = "three" } }
            while try await new.next().json["after"]?["title"] != "three" {}
            #expect(old.calls.takeAll().isEmpty)
        }
    }

    /// A daemon whose token and port come from a file, and the name of that file.
    private func launch(_ jules: FakeJules, _ notify: NotifySocket, _ folder: TemporaryFolder) throws -> (
        Launch, String
    ) {
        let file = "julesd.conf"
        try folder.write("LOCAL_TOKEN=\(Launch.token)\nPORT=0\n", to: file)
        var launch = Launch(jules, notify: notify)
        launch.arguments = ["--config", folder.file(file)]
        launch.environment["LOCAL_TOKEN"] = nil
        launch.environment["PORT"] = nil
        return (launch, file)
    }

    private func monotonicMicroseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
