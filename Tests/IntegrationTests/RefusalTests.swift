// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite("Refusing to start", .timeLimit(.minutes(5)))
struct RefusalTests {
    @Test("Faulty settings end the daemon with status 78, and all of them are named")
    func settings() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let file = try folder.write("RATE_LIMITS=5\nRETENTION_DAYS=soon\n", to: "julesd.conf")
        var launch = Launch(jules, ["POLL_INTERVAL": "never", "LOCAL_TOKEN": "short"])
        launch.arguments = ["--config", file]
        let end = try await run(launch)
        #expect(end.status == 78)
        for part in [
            "RATE_LIMITS", "RATE_LIMIT", "RETENTION_DAYS", "\(file):2", "POLL_INTERVAL", "never", "LOCAL_TOKEN",
        ] {
            #expect((end.output + end.error).contains(part), "\(part) in \(end.output + end.error)")
        }
        #expect(!(end.output + end.error).contains("short\""), "a secret is not shown")
    }

    @Test(
        "A wrong command line ends with status 64",
        arguments: [["--no-such-option"], ["no-such-verb"], ["--set", "PORT"]])
    func usage(arguments: [String]) async throws {
        let end = try await run(Launch(arguments))
        #expect(end.status == 64)
        #expect(!end.error.isEmpty)
    }

    @Test("A port that another program uses ends the daemon with status 71")
    func portTaken() async throws {
        let jules = try await FakeJules.start()
        let other = try ListeningDescriptor.tcp(name: "other")
        let end = try await run(Launch(jules, ["PORT": "\(other.address.port ?? 0)"]))
        #expect(end.status == 71)
        #expect(end.output.contains("\(other.address.port ?? 0)"))
    }

    @Test(
        "A page loaded over http is refused if a trusted proxy says that clients use https",
        arguments: [("http", "http", "101"), ("https", "https", "101"), ("http", "https", "403")])
    func forwardedScheme(page: String, proxy: String, status: String) async throws {
        let jules = try await FakeJules.start()
        try await withDaemon(Launch(jules, ["TRUSTED_PROXIES": "127.0.0.1"])) { daemon in
            let connection = try await RawConnection(try await daemon.address())
            let lines = [
                "GET /ws HTTP/1.1", "Host: test", "Origin: \(page)://test", "X-Forwarded-Proto: \(proxy)",
                "Authorization: Bearer \(Launch.token)", "Connection: Upgrade", "Upgrade: websocket",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ]
            try await connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
            #expect(try await connection.text(upTo: "\r\n").contains(" \(status) "))
        }
    }

    @Test("A store that another daemon uses ends the second one with status 74 and leaves the first one alone")
    func storeTaken() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let launch = Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])
        try await withDaemon(launch) { daemon in
            let http = HTTPCaller(address: try await daemon.address())
            try await daemon.event("ready")
            let end = try await run(launch)
            #expect(end.status == 74)
            #expect(end.output.contains("storage_trouble"))
            #expect(try await http.get("/api/sessions").status == 200)
        }
    }

    @Test("A DATA_DIR that is a file ends the daemon with status 74, and the file does not change")
    func dataDirectoryIsFile() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let file = try folder.write("not a folder", to: "data")
        let end = try await run(Launch(jules, ["PERSIST": "1", "DATA_DIR": file]))
        #expect(end.status == 74)
        #expect(end.output.contains(file))
        #expect(try folder.read("data") == Array("not a folder".utf8))
    }

    @Test("A store of a later release ends the daemon with status 74, and the file does not change")
    func newerStore() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let launch = Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path])
        try await withDaemon(launch) { daemon in
            try await daemon.event("ready")
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
        // The schema version is at offset 60 of the file, big-endian
        // (https://www.sqlite.org/fileformat.html#database_header).
        var bytes = try folder.read("sessions.sqlite")
        bytes.replaceSubrange(60..<64, with: [0, 0, 3, 231])
        try folder.write(bytes, to: "sessions.sqlite")
        let end = try await run(launch)
        #expect(end.status == 74)
        #expect(end.output.contains("999"))
        #expect(try folder.read("sessions.sqlite") == bytes)
    }
}
