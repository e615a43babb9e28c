// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite("Sockets", .timeLimit(.minutes(5)))
struct SocketTests {
    @Test(
        "Inherited sockets are served whatever their names", arguments: [("http", "control"), ("unknown", "other")])
    func inherited(names: (tcp: String, unix: String)) async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let tcp = try ListeningDescriptor.tcp(name: names.tcp)
        let unix = try ListeningDescriptor.unix(name: names.unix, path: folder.file("control.sock"))
        var launch = Launch(jules)
        launch.sockets = [tcp, unix]
        launch.environment["PORT"] = nil
        try await withDaemon(launch) { daemon in
            try await daemon.event("ready")
            // A TCP client needs the token. The user of the daemon needs none on the Unix socket.
            let stranger = try await HTTPCaller(address: tcp.address, token: nil).get("/api/sessions")
            #expect(stranger.status == 401)
            #expect(stranger.headers["www-authenticate"] == "Bearer")
            #expect(try await HTTPCaller(address: tcp.address).get("/api/sessions").status == 200)
            #expect(try await HTTPCaller(address: unix.address, token: nil).get("/api/sessions").status == 200)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
        // The socket file belongs to the service manager, which still listens on it.
        #expect(folder.exists("control.sock"))
    }

    @Test("A client that connects between two daemons is served by the second one")
    func restart() async throws {
        let jules = try await FakeJules.start()
        let tcp = try ListeningDescriptor.tcp(name: "http")
        var launch = Launch(jules)
        launch.sockets = [tcp]
        launch.environment["PORT"] = nil
        try await withDaemon(launch) { daemon in
            try await daemon.event("ready")
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
        let early = Task { try await HTTPCaller(address: tcp.address).get("/healthz") }
        let status = try await withDaemon(launch) { _ in try await early.value.status }
        #expect(status == 200)
    }

    @Test("The daemon's own Unix socket needs no token, is closed to other users, and is removed at the end")
    func ownUnixSocket() async throws {
        let jules = try await FakeJules.start()
        let folder = try TemporaryFolder()
        let path = folder.file("own.sock")
        try await withDaemon(Launch(jules, ["PORT": "off", "UNIX_SOCKET": path])) { daemon in
            try await daemon.event("ready")
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o660)
            let http = HTTPCaller(address: try SocketAddress(unixDomainSocketPath: path), token: nil)
            #expect(try await http.get("/api/sessions").status == 200)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
        #expect(!folder.exists("own.sock"))
    }

    @Test("If descriptors limit MAX_CONNECTIONS, one client too many is still answered")
    func descriptorLimit() async throws {
        let jules = try await FakeJules.start()
        // The timeouts are long, so that a slow machine does not cut the last client.
        var launch = Launch(jules, ["HEADER_TIMEOUT": "1min", "IDLE_TIMEOUT": "5min"])
        launch.descriptorLimit = 360
        try await withDaemon(launch) { daemon in
            let address = try await daemon.address()
            var connections: [RawConnection] = []
            var answer = ""
            while !answer.hasPrefix("HTTP/1.1 503"), connections.count < 200 {
                let connection = try await RawConnection(address)
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                // A connection over the limit is cut if it sends no request within two seconds. On a busy machine the
                // next one may get the answer.
                answer = (try? await connection.text(upTo: "\r\n\r\n")) ?? ""
                connections.append(connection)
            }
            #expect((80...100).contains(connections.count))
            #expect(answer.lowercased().contains("retry-after"))
            #expect(daemon.output.contains("MAX_CONNECTIONS"))
        }
    }
}
