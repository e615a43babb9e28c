// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A running simulator: an account, a clock and a listening socket.
final class Simulator: Sendable {
    /// The base URL of the API: `http://127.0.0.1:PORT/v1alpha`.
    let baseURL: String
    /// The URL of the control endpoint.
    let controlURL: String

    private let control: ControlState
    private let server: HTTPServer
    private let group: MultiThreadedEventLoopGroup
    private let ticking: Task<Void, Never>

    /// Starts a simulator. It accepts requests when this function returns.
    ///
    /// - Throws: `ListenError` if it cannot listen on the address.
    static func start(_ options: SimulatorOptions = SimulatorOptions()) async throws(ListenError) -> Simulator {
        let control = ControlState(options)
        // One loop, so that requests are answered in the order in which they arrive.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(group: group) { request in await control.respond(request) }
        do throws(ListenError) {
            let address = try await server.listen(on: .tcp(host: options.host, port: options.port))
            let host = options.host.contains(":") ? "[\(options.host)]" : options.host
            return Simulator(control, server, group, origin: "http://\(host):\(address.port ?? options.port)")
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(_ control: ControlState, _ server: HTTPServer, _ group: MultiThreadedEventLoopGroup, origin: String) {
        self.control = control
        self.server = server
        self.group = group
        baseURL = origin + APIRoute.root
        controlURL = origin + "/simulator"
        // Responses do not depend on this task. It only spreads work over time that the next request would do
        // otherwise.
        ticking = Task {
            while (try? await Task.sleep(for: .milliseconds(500))) != nil { control.withLock { _ in } }
        }
    }

    /// Calls `body` with the account, after everything due so far has happened.
    @discardableResult
    func withAccount<Result: Sendable, Failure: Error>(
        _ body: (inout Account) throws(Failure) -> sending Result
    ) throws(Failure) -> Result {
        try control.withLock { (control) throws(Failure) in try body(&control.account) }
    }

    /// Moves simulated time ahead, and carries out everything that is due until then.
    func advance(by duration: Duration) {
        control.withLock { control in
            control.clock.advance(by: duration)
            control.account.advance(to: control.clock.now())
        }
    }

    /// All API requests from now on, each after it was answered. A test can wait for one.
    func requests() -> AsyncStream<RequestLog.Entry> {
        let (stream, continuation) = AsyncStream<RequestLog.Entry>.makeStream()
        control.observe(with: continuation)
        return stream
    }

    /// Stops answering and closes all connections.
    func stop() async {
        ticking.cancel()
        control.endObservation()
        await server.drain(grace: .zero)
        try? await group.shutdownGracefully()
    }
}

/// The account and its clock, shared by all connections.
private final class ControlState: Sendable {
    private let control: Mutex<Control>
    private let observers = Mutex<[AsyncStream<RequestLog.Entry>.Continuation]>([])

    init(_ options: SimulatorOptions) {
        var account = Account(
            seed: options.seed, at: options.start, behavior: options.behavior, key: options.key,
            arrivals: options.arrivals)
        account.preload(options.sessions, active: options.active)
        for fault in options.faults { account.faults.add(fault) }
        control = Mutex(
            Control(account: account, clock: VirtualClock(startingAt: options.start, speed: options.speed)))
    }

    /// Calls `body` after everything due so far has happened.
    func withLock<Result: Sendable, Failure: Error>(
        _ body: (inout Control) throws(Failure) -> sending Result
    ) throws(Failure) -> Result {
        try control.withLock { (control) throws(Failure) in
            control.account.advance(to: control.clock.now())
            return try body(&control)
        }
    }

    func respond(_ request: HTTPRequest) async -> HTTPResponse {
        let reply = reply(to: request)
        // If the client goes, the wait is cancelled and nobody reads the response.
        if reply.delay > .zero { try? await Task.sleep(for: reply.delay) }
        return HTTPResponse(reply)
    }

    private func reply(to request: HTTPRequest) -> APIReply {
        let path = request.path.split(separator: "/")
        if path.isEmpty {
            let text = "jules-simulator: the API is at \(APIRoute.root), the control endpoint at /simulator.\n"
            return APIReply(
                status: 200, headers: [.init(name: "content-type", value: "text/plain")], body: Array(text.utf8))
        }
        if path[0] == "simulator" {
            return control.withLock {
                $0.handle(request.method.rawValue, Array(path.dropFirst()), request.query, request.body)
            }
        }
        let (reply, entry) = control.withLock { control in
            let reply = control.account.handle(APIRequest(request), at: control.clock.now())
            return (reply, control.account.requests.last)
        }
        if let entry { observers.withLock { $0.removeAll { $0.yield(entry).isTerminated } } }
        return reply
    }

    func observe(with continuation: AsyncStream<RequestLog.Entry>.Continuation) {
        observers.withLock { $0.append(continuation) }
    }

    func endObservation() {
        // `finish` may run code of the observer, so it is called outside the lock.
        let all = observers.withLock { observers in
            defer { observers = [] }
            return observers
        }
        for observer in all { observer.finish() }
    }
}

extension AsyncStream.Continuation.YieldResult {
    fileprivate var isTerminated: Bool { if case .terminated = self { true } else { false } }
}

extension APIRequest {
    fileprivate init(_ request: HTTPRequest) {
        self.init(
            method: request.method.rawValue, path: request.path,
            query: request.query.pairs.map { (name: $0.name, value: $0.value) },
            key: request.headers["x-goog-api-key"].first, body: request.body)
    }
}

extension HTTPResponse {
    fileprivate init(_ reply: APIReply) {
        self.init(
            status: HTTPResponseStatus(statusCode: reply.status),
            headers: HTTPHeaders(reply.headers.map { ($0.name, $0.value) }),
            body: reply.delivery == .whole ? .bytes(reply.body) : .raw { reply.deliver(over: $0) })
    }
}
