// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DaemonSupport

// Serialized, because the socket's name is in the environment of the process.
@Suite("ServiceManager", .serialized, .timeLimit(.minutes(2)))
struct ServiceManagerTests {
    @Test("Each call sends one datagram, to a path or to an abstract name", arguments: [false, true])
    func messages(abstract: Bool) async throws {
        let socket = try NotifySocket(abstract: abstract)
        let service = ServiceManager()
        try await socket.whileNamed {
            service.ready(status: "3 sessions")
            try await socket.expect(["READY=1", "STATUS=3 sessions"])
            service.status("probing")
            try await socket.expect(["STATUS=probing"])
            service.extendTimeout(by: .milliseconds(1500))
            try await socket.expect(["EXTEND_TIMEOUT_USEC=1500000"])
            service.reloaded()
            try await socket.expect(["READY=1"])
            service.stopping(status: "draining")
            try await socket.expect(["STOPPING=1", "STATUS=draining"])
            service.watchdog()
            try await socket.expect(["WATCHDOG=1"])
        }
    }

    @Test("A reload sends the time of the monotonic clock")
    func reloading() async throws {
        let socket = try NotifySocket(abstract: false)
        let before = Monotonic.now().nanoseconds / 1000
        let lines = try await socket.whileNamed {
            ServiceManager().reloading()
            return try await socket.lines()
        }
        #expect(lines.first == "RELOADING=1")
        let stamp = try #require(lines.last?.split(separator: "=").last.flatMap { Int64($0) })
        #expect(lines.last == "MONOTONIC_USEC=\(stamp)")
        #expect((before...Monotonic.now().nanoseconds / 1000).contains(stamp))
    }

    @Test("A status stays on one line, whatever it contains")
    func oneLine() async throws {
        let socket = try NotifySocket(abstract: true)
        try await socket.whileNamed {
            ServiceManager().status("a\nSTOPPING=1\0é\r")
            try await socket.expect(["STATUS=a STOPPING=1 é "])
        }
    }

    @Test("Without a manager a call does nothing, and NOTIFY_SOCKET stays set afterwards")
    func environment() async throws {
        ServiceManager().ready()
        let socket = try NotifySocket(abstract: false)
        try await socket.whileNamed {
            ServiceManager().ready()
            ServiceManager().watchdog()
            try await socket.expect(["READY=1"])
            try await socket.expect(["WATCHDOG=1"])
        }
    }

    @Test("The watchdog sends keep-alives while all heartbeats are fresh, and stops when one is silent")
    func watchdogThread() async throws {
        let socket = try NotifySocket(abstract: true)
        let withheld = Pipe()
        let loop = Heartbeat(name: "loop", allowedAge: .seconds(3600))
        let poller = Heartbeat(name: "poller", allowedAge: .seconds(3600))
        try await socket.whileNamed {
            let watchdog = Watchdog(interval: .milliseconds(3), marks: [loop, poller], service: ServiceManager()) {
                withheld.write($0.joined(separator: ","))
            }
            watchdog.start()
            for _ in 1...3 { try await socket.expect(["WATCHDOG=1"]) }
            poller.markAlive(at: Monotonic(nanoseconds: Monotonic.now().nanoseconds - 3601 * 1_000_000_000))
            #expect(withheld.read() == "poller")
            // Earlier messages are still queued. After a fresh heartbeat keep-alives follow again.
            poller.markAlive()
            for _ in 1...3 { try await socket.expect(["WATCHDOG=1"]) }
            watchdog.stop()
        }
    }
}

extension NotifySocket {
    /// Expects that the next message has exactly these lines.
    fileprivate func expect(_ wanted: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let lines = try await lines()
        #expect(lines == wanted, sourceLocation: sourceLocation)
    }
}

/// A pipe for short texts between threads.
final class Pipe: Sendable {
    let reader: Int32
    let writer: Int32

    init() {
        var ends: [Int32] = [0, 0]
        _ = pipe(&ends)
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        close(reader)
        close(writer)
    }

    func write(_ text: String) {
        _ = Glibc.write(writer, text, text.utf8.count)
    }

    /// The bytes in the pipe; waits for at least one.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(reader, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
}
