// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

@testable import julesd

/// What is counted: a piece of the daemon's work, in this process, with the daemon's own code and all of it.
struct Operation: Sendable {
    /// Prepares, and does it so many times.
    let run: @Sendable (_ count: Int, Bench) async throws -> Void

    static let all: [String: Operation] = [
        "poll": poll, "broadcast": broadcast, "list": list, "replay": replay, "handshake": handshake, "start": start,
    ]

    /// Reads 1,000 unchanged sessions from the API, page by page, and compares them with the store.
    static let poll = Operation { count, bench in
        try await bench.openStore()
        let served = try await bench.serve()
        for _ in 0..<count { try await served.readAccount(as: .live) }
    }

    /// Tells 1,000 WebSocket clients of one change.
    static let broadcast = Operation { count, bench in
        try await bench.openStore()
        let served = try await bench.serve()
        let clients = try (0..<1000).map { _ in try served.webSocket() }
        for client in clients { try client.awaitFrames(1) }
        for _ in 0..<count {
            try await served.change(1)
            for client in clients { try client.awaitFrames(1) }
        }
    }

    /// Answers a list of 100 sessions.
    static let list = Operation { count, bench in
        try await bench.openStore()
        let served = try await bench.serve()
        let client = try Client(served.socket)
        for _ in 0..<count {
            try client.send("GET /api/sessions?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try client.awaitAnswer()
        }
    }

    /// Sends a WebSocket client the 1,000 deltas that it has missed.
    static let replay = Operation { count, bench in
        try await bench.openStore()
        let served = try await bench.serve()
        let head = served.store.head.seq
        for _ in 0..<count {
            let client = try served.webSocket("?since=\(head - 1000)")
            try client.await(#"{"seq":\#(head),"#)
            client.close()
        }
    }

    /// Opens a WebSocket client, and closes it.
    static let handshake = Operation { count, bench in
        try await bench.openStore()
        let served = try await bench.serve()
        for _ in 0..<count {
            let client = try served.webSocket()
            try client.awaitFrames(1)
            client.close()
        }
    }

    /// Starts the daemon on a store of 1,000 sessions until it answers, and stops it: once, since a process has one daemon.
    static let start = Operation { count, bench in
        try await bench.openStore()
        if count > 0 { try await bench.runDaemon() }
    }
}
