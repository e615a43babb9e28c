// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Logging
import NIOPosix

@testable import julesd

/// A folder with a store, and the API that it is a copy of.
struct Bench: Sendable {
    let folder: String
    let api: String

    private var path: String { "\(folder)/sessions.sqlite" }
    private var socket: String { "\(folder)/socket" }

    /// Makes the store, with the account's sessions and 1,000 deltas, unless an earlier run has done so.
    func openStore() async throws {
        guard access(path, F_OK) != 0 else { return }
        let store = try await SessionStore(at: .file(path: path), now: .now)
        let served = Served(store, api: api, socket: socket)
        try await served.readAccount(as: .baseline)
        try await store.markBaseline()
        try await served.change(1000)
        await store.close()
    }

    /// Opens the store, and listens.
    func serve() async throws -> Served {
        let served = Served(try await SessionStore(at: .file(path: path), now: .now), api: api, socket: socket)
        try await served.listen()
        return served
    }

    /// The whole daemon, until it is ready.
    func runDaemon() async throws {
        var settings = Settings()
        guard let base = WebURL(api) else { throw BenchError("not a URL: \(api)") }
        settings.julesAPIBase = base
        settings.port = nil
        settings.unixSocket = socket
        settings.persist = true
        settings.dataDirectory = folder
        settings.readiness = .listening
        settings.pollInterval = .seconds(3600)
        settings.logLevel = .error
        let daemon = Daemon(settings, sockets: []) { [settings] in settings }
        async let status = daemon.run()
        // Each look costs next to nothing beside a start.
        var client: Client?
        while client == nil {
            try await Task.sleep(for: .milliseconds(20))
            client = try? Client(socket)
        }
        try client?.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try client?.awaitAnswer()
        kill(getpid(), SIGTERM)
        guard await status == .stopped else { throw BenchError("the daemon has failed") }
    }
}

/// Why nothing can be counted.
struct BenchError: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
