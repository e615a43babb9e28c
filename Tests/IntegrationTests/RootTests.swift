// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

/// How verbs that root runs treat folders of other users.
@Suite("Verbs run by root", .enabled(if: geteuid() == 0), .timeLimit(.minutes(2)))
struct RootTests {
    private static let service: uid_t = 65_534

    /// The store of a stopped daemon. The folder and everything in it belong to the service's user.
    private func storeOfService() async throws -> TemporaryFolder {
        let folder = try await store()
        for name in ["sessions.sqlite", "sessions.sqlite.mark", "sessions.sqlite.lock"] {
            #expect(chown(folder.file(name), Self.service, Self.service) == 0)
        }
        #expect(chown(folder.path, Self.service, Self.service) == 0)
        return folder
    }

    private func store() async throws -> TemporaryFolder {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        try await withDaemon(Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await awaitSession(jules.first.id, http)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
        return folder
    }

    private func verb(_ words: [String], at folder: TemporaryFolder) -> Launch {
        Launch(words + ["--config", "/dev/null", "--data-dir", folder.path])
    }

    private func owner(_ path: String) -> uid_t? {
        var info = stat()
        return lstat(path, &info) == 0 ? info.st_uid : nil
    }

    @Test("Each verb keeps the files' owner", arguments: [["prune"], ["prune", "--vacuum"], ["migrate"], ["verify"]])
    func ownerIsKept(words: [String]) async throws {
        let folder = try await storeOfService()
        let end = try await run(verb(words, at: folder))
        #expect(end.status == 0, "\(end.error)")
        for name in folder.names { #expect(owner(folder.file(name)) == Self.service, "\(name)") }
    }

    @Test("A backup belongs to the owner of the store, also in root's folder, and can be restored")
    func backup() async throws {
        let folder = try await storeOfService()
        let elsewhere = try TemporaryFolder()
        let copy = elsewhere.file("copy.sqlite")
        let backup = try await run(verb(["backup", copy], at: folder))
        #expect(backup.status == 0 && backup.error.isEmpty, "\(backup.error)")
        #expect(owner(copy) == Self.service)
        #expect(elsewhere.names == ["copy.sqlite"])
        let restore = try await run(verb(["restore", copy], at: folder))
        #expect(restore.status == 0, "\(restore.error)")
        for name in folder.names { #expect(owner(folder.file(name)) == Self.service, "\(name)") }
    }

    @Test(
        "A link is followed only if the owner of the store could follow it",
        arguments: ["prune", "migrate", "backup"])
    func link(word: String) async throws {
        let ofRoot = try await store()
        let victim = ofRoot.file("sessions.sqlite")
        let before = try ofRoot.read("sessions.sqlite")
        let folder = try await storeOfService()
        #expect(unlink(folder.file("sessions.sqlite")) == 0)
        #expect(symlink(victim, folder.file("sessions.sqlite")) == 0)
        let end = try await run(verb([word] + (word == "backup" ? [folder.file("copy")] : []), at: folder))
        #expect(end.status == 74, "\(end.output)")
        #expect(try ofRoot.read("sessions.sqlite") == before)
        #expect(owner(victim) == 0)
        #expect(!folder.exists("copy"))
    }

    @Test("No file of root gets another owner, whatever replaces a half-made backup")
    func swap() async throws {
        let folder = try await storeOfService()
        let ofRoot = try await store()
        let victim = ofRoot.file("sessions.sqlite")
        let before = try ofRoot.read("sessions.sqlite")
        for number in 1...10 {
            let draft = folder.file("copy-\(number).new")
            let isOver = Latch()
            startThread {
                // A link replaces the draft as soon as the draft exists.
                while access(draft, F_OK) != 0 && !isOver.isSet { usleep(20) }
                symlink(victim, draft + ".link")
                rename(draft + ".link", draft)
            }
            _ = try await run(verb(["backup", folder.file("copy-\(number)")], at: folder))
            isOver.set()
            #expect(owner(victim) == 0)
            #expect(try ofRoot.read("sessions.sqlite") == before)
        }
    }

    @Test("setup does not use the environment of root's shell for the service")
    func environment() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("PORT=off\n", to: "julesd.conf")
        var launch = Launch(["setup", "--show-token", "--config", file])
        launch.environment = ["LOCAL_TOKEN": "token-of-somebody-else", "JULES_API_BASE": "no URL at all"]
        let end = try await run(launch)
        #expect(end.status == 1 && end.output.isEmpty, "\(end.output)\(end.error)")
        #expect(end.error.contains("there is no token"))
        try folder.write("LOCAL_TOKEN=token-of-the-service\n", to: "julesd.conf")
        #expect(try await run(launch).output == "token-of-the-service")
    }

    @Test("A backup is kept on a disk without owners, with a warning")
    func ownerIsRefused() async throws {
        let folder = try await storeOfService()
        let disk = try TemporaryFolder()
        var launch = verb(["backup", disk.file("copy.sqlite")], at: folder)
        // Without this capability chown(2) fails even for root, as on FAT or over NFS.
        launch.wrapper = ["setpriv", "--bounding-set=-chown", "--"]
        let end = try await run(launch)
        #expect(end.status == 0)
        #expect(end.error.hasPrefix("warning: ") && end.error.contains("owner"), "\(end.error)")
        #expect(try await run(Launch(["verify", disk.file("copy.sqlite"), "--config", "/dev/null"])).status == 0)
    }
}
