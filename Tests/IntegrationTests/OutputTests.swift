// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import TestSupport
import Testing

@Suite("Standard output", .timeLimit(.minutes(5)))
struct OutputTests {
    @Test("A pipe that nobody reads delays neither requests nor the stop")
    func fullPipe() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        let folder = try TemporaryFolder()
        let fifo = folder.path + "/log"
        try #require(mkfifo(fifo, 0o600) == 0)
        // Open for reading, so that the daemon can open it, but never read.
        let reader = open(fifo, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let socket = try ListeningDescriptor.tcp(name: "http")
        var launch = Launch(jules, ["LOG_LEVEL": "debug"], notify: notify)
        launch.sockets = [socket]
        launch.environment["PORT"] = nil
        launch.wrapper = ["sh", "-c", #"log=$1; shift; exec "$@" >"$log""#, "sh", fifo]
        try await withDaemon(launch) { daemon in
            try await notify.message(with: ["READY": "1"])
            let http = HTTPCaller(address: socket.address)
            let stranger = HTTPCaller(address: socket.address, token: nil)
            for _ in 1...2_000 {
                #expect(try await stranger.get("/api/sessions").status == 401)
            }
            #expect(try await http.get("/healthz").status == 200)
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
    }

    @Test("Descriptors 0 to 2 that are closed at the start become /dev/null")
    func closedDescriptors() async throws {
        let jules = try await FakeJules.start()
        let notify = try NotifySocket()
        var launch = Launch(jules, notify: notify)
        launch.wrapper = ["sh", "-c", #"exec "$@" <&- >&- 2>&-"#, "sh"]
        try await withDaemon(launch) { daemon in
            try await notify.message(with: ["READY": "1"])
            for descriptor in 0...2 {
                var target = [CChar](repeating: 0, count: 256)
                let count = readlink("/proc/\(daemon.pid)/fd/\(descriptor)", &target, target.count)
                let path = String(decoding: target.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
                #expect(path == "/dev/null")
            }
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }
    }
}
