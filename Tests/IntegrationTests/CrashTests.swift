// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite("After a crash", .timeLimit(.minutes(5)))
struct CrashTests {
    @Test("With PERSIST=1 a client that reconnects after each kill -9 gets every change once and in order")
    func everyChangeOnce() async throws {
        let jules = try await FakeJules.start { account in
            for _ in 1...5 { account.add() }
        }
        let folder = try TemporaryFolder()
        // The service manager keeps the socket, so the client may reconnect before the daemon has started.
        let socket = try ListeningDescriptor.tcp(name: "http")
        var launch = Launch(jules, ["PERSIST": "1", "DATA_DIR": folder.path, "POLL_INTERVAL": "10ms"])
        launch.environment["PORT"] = nil
        launch.sockets = [socket]

        var follower = Follower(address: socket.address)
        for round in 1...20 {
            try await withDaemon(launch) { daemon in
                try await follower.connect()
                if round == 1 {
                    // Changes start now, so that none is in the baseline and the client sees all of them.
                    try await daemon.event("the account has been read")
                    jules.update(changeAtEveryPoll)
                }
                try await follower.read(deltas: 1 + round % 5)
                daemon.signal(SIGKILL)
                #expect(try await daemon.exitStatus() == 128 + SIGKILL)
                try await follower.readRest()
            }
        }
        jules.update { $0.beforeList = nil }
        try await withDaemon(launch) { daemon in
            try await follower.connect()
            let http = HTTPCaller(address: socket.address)
            let truth = Dictionary(uniqueKeysWithValues: jules.account.sessions.map { ($0.id, $0.json) })
            try await awaitTrue("a copy that equals the account") {
                let page = try await http.get("/api/sessions?limit=500").json
                let copy = (page["sessions"]?.array ?? []).map { String(decoding: $0.bytes, as: UTF8.self) }
                return Set(copy) == Set(truth.values)
            }
            let head = try #require(try await http.get("/api/sessions?limit=1").json["seq"]?.int)
            try await follower.read(upTo: head)
            #expect(follower.gaps == 0)
            #expect(follower.epochs.count == 1)
            for (id, state) in follower.states {
                #expect(state == jules.account.session(id)?.state, "\(id)")
            }
            #expect(follower.states.count == truth.count)
        }
    }

    @Test("With PERSIST=0 a restart begins a new epoch, and an old cursor gets a gap")
    func newEpoch() async throws {
        let jules = try await FakeJules.start()
        let socket = try ListeningDescriptor.tcp(name: "http")
        var launch = Launch(jules)
        launch.environment["PORT"] = nil
        launch.sockets = [socket]
        var old = JSON.null
        try await withDaemon(launch) { daemon in
            try await daemon.event("the account has been read")
            let follower = try await FeedClient(socket.address)
            old = try await follower.next("hello")
            let added = jules.update { $0.add() }
            _ = try await follower.delta(of: added.id)
            daemon.signal(SIGKILL)
            _ = try await daemon.exitStatus()
        }
        let seq = try #require(old["seq"]?.int)
        let epoch = try #require(old["epoch"]?.string)
        try await withDaemon(launch) { daemon in
            try await daemon.event("the account has been read")
            let follower = try await FeedClient(socket.address, "?since=\(seq)&epoch=\(epoch)")
            let hello = try await follower.next("hello")
            #expect(hello["epoch"]?.string != epoch)
            let head = try #require(hello["seq"]?.int)
            #expect(head > seq)
            let gap = try await follower.next("gap")
            #expect(gap["to"]?.int ?? 0 >= head)
            let added = jules.update { $0.add() }
            let delta = try await follower.delta(of: added.id)
            #expect(delta["seq"]?.int ?? 0 > head)
        }
    }
}

/// Every poll finds a change, a new session or both.
private func changeAtEveryPoll(_ account: inout FakeAccount) {
    account.beforeList = { account in
        let turn = account.turn
        account.turn += 1
        // The oldest first, so that soon every session has changed.
        account.change(account.sessions[account.sessions.count - 1 - turn % account.sessions.count].id) {
            $0.state = ["IN_PROGRESS", "AWAITING_USER_FEEDBACK", "COMPLETED"][turn % 3]
            $0.title = "Turn \(turn)"
        }
        if turn % 7 == 0, account.sessions.count < 60 { account.add() }
    }
}

/// Follows the feed over any number of connections, and checks that no change is missing.
private struct Follower {
    let address: SocketAddress
    /// The number of the last change that was received.
    private(set) var seq: Int?
    private(set) var epochs: Set<String> = []
    private(set) var gaps = 0
    /// The state of each session according to the feed.
    private(set) var states: [String: String] = [:]
    private var socket: FeedClient?

    init(address: SocketAddress) { self.address = address }

    /// Reconnects with the cursor.
    mutating func connect() async throws {
        let query = seq.flatMap { seq in epochs.first.map { "?since=\(seq)&epoch=\($0)" } } ?? ""
        let socket = try await FeedClient(address, query)
        let hello = try await socket.next("hello")
        epochs.insert(hello["epoch"]?.string ?? "?")
        seq = seq ?? hello["seq"]?.int
        self.socket = socket
    }

    /// Reads until at least this many changes were received.
    mutating func read(deltas: Int) async throws {
        guard let seq else { return }
        try await read(upTo: seq + deltas)
    }

    mutating func read(upTo end: Int) async throws {
        while let seq, seq < end, let socket { take(try await socket.next()) }
    }

    /// Reads what the daemon sent before its end.
    mutating func readRest() async throws {
        do {
            while let socket { take(try await socket.next()) }
        } catch is ConnectionEndedError {
            socket = nil
        }
    }

    private mutating func take(_ message: FeedClient.Message) {
        guard case .text(let json) = message else { return }
        if json["type"] == "gap" { gaps += 1 }
        for delta in json["delta"]?.array ?? [] {
            let next = delta["seq"]?.int
            #expect(next == seq.map { $0 + 1 }, "every change once, in order")
            seq = next
            states[delta["id"]?.string ?? "?"] = delta["after"]?["state"]?.string
        }
        if json["type"] == "session_update" { #expect(json["seq"]?.int == seq) }
    }
}
