// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

@Suite("A key of another account", .timeLimit(.minutes(5)))
struct OtherAccountTests {
    /// Reads the copy of one daemon.
    private struct Copy {
        let http: HTTPCaller

        init(_ daemon: DaemonProcess) async throws { http = HTTPCaller(address: try await daemon.address()) }

        var ids: Set<String> {
            get async throws {
                let page = try await http.get("/api/sessions?limit=500").json
                return Set((page["sessions"]?.array ?? []).compactMap { $0["id"]?.string })
            }
        }

        var head: Int {
            get async throws {
                let page = try await http.get("/api/sessions?limit=1").json
                return try #require(page["seq"]?.int)
            }
        }

        func changes(after seq: Int) async throws -> [String] {
            let deltas = try await http.get("/api/deltas?since=\(seq)").json["deltas"]?.array ?? []
            return deltas.map { "\($0["changeType"]?.string ?? "") \($0["id"]?.string ?? "")" }
        }

        func awaitReady() async throws {
            try await awaitTrue("a ready daemon") { try await http.get("/readyz").status == 200 }
        }

        func expectRefusal() async throws {
            let readiness = try await http.get("/readyz")
            #expect(readiness.status == 503)
            #expect(try readiness.json["reason"]?.string?.contains("another account") ?? false)
            let status = try await http.get("/api/status").json["upstream"]
            #expect(status?["state"] == "refused")
            #expect(status?["reason"]?.string?.contains("another account") ?? false)
        }
    }

    /// Ends a daemon, so that the next one can use its store.
    private func stop(_ daemon: DaemonProcess, by signal: Int32 = SIGTERM) async throws {
        daemon.signal(signal)
        _ = try await daemon.exitStatus()
    }

    /// Lets a daemon read the account into a store, and returns its contents.
    private func readAccount(_ launch: Launch) async throws -> (ids: Set<String>, head: Int) {
        try await withDaemon(launch) { daemon in
            let copy = try await Copy(daemon)
            try await daemon.event("the account has been read")
            let seen = (try await copy.ids, try await copy.head)
            try await stop(daemon)
            return seen
        }
    }

    private func start() async throws -> FakeJules {
        let jules = try await FakeJules.start { account in
            for _ in 1...4 { account.add() }
        }
        jules.updateOther { account in
            for _ in 1...3 { account.add() }
        }
        return jules
    }

    @Test("After a reload with another account's key nothing changes or is requested until the right key is back")
    func reload() async throws {
        let jules = try await start()
        let folder = try TemporaryFolder()
        func use(_ key: String) throws { try folder.write("JULES_API_KEY=\(key)\n", to: "julesd.conf") }
        try use(FakeJules.key)
        var launch = Launch(jules)
        launch.environment["JULES_API_KEY"] = nil
        launch.arguments = ["--config", folder.file("julesd.conf")]
        try await withDaemon(launch) { daemon in
            let copy = try await Copy(daemon)
            try await daemon.event("the account has been read")
            let (ids, head) = (try await copy.ids, try await copy.head)

            try use(FakeJules.otherKey)
            daemon.signal(SIGHUP)
            try await daemon.event("other_account")
            let asked = jules.count(.get)
            try await copy.expectRefusal()
            for target in ["/api/sessions/\(jules.first.id)?refresh=1", "/api/sessions/999"] {
                let reply = try await copy.http.get(target)
                #expect(reply.status == 502)
                #expect(try reply.json["error"] == "jules_auth_failed")
            }
            let created = try await copy.http.post("/api/sessions", #"{"prompt":"Retry.","repo":"acme/harbor"}"#)
            #expect(created.status == 502)
            #expect(jules.count(.create) == 0 && jules.count(.get) == asked)
            #expect(try await copy.ids == ids)

            // A second check of the same key is not reported again.
            daemon.signal(SIGHUP)
            try await daemon.event("reload_done")
            try use(FakeJules.key)
            daemon.signal(SIGHUP)
            try await copy.awaitReady()
            #expect(try await copy.changes(after: head) == [])
            jules.update { $0.change($0.sessions[0].id) { $0.title = "Ours again" } }
            try await awaitTrue("a change") { try await copy.changes(after: head).count == 1 }
            #expect(daemon.output.components(of: "\"other_account\"") == 1)
        }
    }

    @Test("After a restart with another account's key nothing changes, and the right key then shows what was deleted")
    func restart() async throws {
        let jules = try await start()
        let folder = try TemporaryFolder()
        let launch = Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])
        let (ids, head) = try await readAccount(launch)
        // A new API address is checked like a new key.
        let elsewhere = try await FakeJules.start { $0 = FakeAccount(after: 2000) }
        for other in [
            ["JULES_API_KEY": FakeJules.otherKey], ["JULES_API_BASE": elsewhere.base],
        ] {
            try await withDaemon(launch.setting(other)) { daemon in
                try await daemon.event("other_account")
                let copy = try await Copy(daemon)
                try await copy.expectRefusal()
                #expect(try await copy.ids == ids)
                #expect(try await copy.head == head)
                try await stop(daemon)
            }
        }
        let gone = jules.update { account in
            let id = account.sessions[2].id
            account.remove(id)
            return id
        }
        try await withDaemon(launch) { daemon in
            let copy = try await Copy(daemon)
            try await copy.awaitReady()
            try await awaitTrue("a deletion") { try await copy.changes(after: head) == ["deleted \(gone)"] }
            #expect(try await copy.ids == ids.subtracting([gone]))
        }
    }

    @Test("A daemon that is killed during the check leaves nothing behind")
    func kill() async throws {
        let jules = try await start()
        let folder = try TemporaryFolder()
        let launch = Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path, "READINESS": "listening"])
        let (ids, head) = try await readAccount(launch)
        jules.hold(.list)
        let asked = jules.count(.list)
        try await withDaemon(launch.setting(["JULES_API_KEY": FakeJules.otherKey])) { daemon in
            try await awaitTrue("a look at the account") { jules.count(.list) > asked }
            try await stop(daemon, by: SIGKILL)
        }
        jules.release(.list)
        try await withDaemon(launch) { daemon in
            let copy = try await Copy(daemon)
            try await copy.awaitReady()
            try await jules.awaitPoll()
            #expect(try await copy.ids == ids)
            #expect(try await copy.changes(after: head) == [])
        }
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
