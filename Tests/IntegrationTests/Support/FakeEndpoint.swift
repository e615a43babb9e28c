// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Synchronization
import TestSupport

/// A webhook receiver in this process. It stores the requests, and answers as the test says.
final class FakeEndpoint: Sendable {
    /// One request.
    struct Call: Sendable, CustomStringConvertible {
        /// The names are in lower case.
        var headers: [String: String]
        var body: String

        var id: String { headers["webhook-id"] ?? "" }
        var json: JSON { (try? JSON(parsing: Array(body.utf8))) ?? .null }
        var session: String { json["id"]?.string ?? "" }
        var seq: Int { json["seq"]?.int ?? 0 }
        var description: String { "\(id) seq \(seq) of \(session)" }
    }

    struct Answer: Sendable {
        var status = 204
        var headers: HTTPHeaders = [:]
        /// Whether the request is never answered.
        var hangs = false

        static let ok = Answer()
        static let silence = Answer(hangs: true)
    }

    let url: String
    /// All requests in the order of arrival.
    let calls: Mailbox<Call>
    private let state: State
    private let server: ScriptedServer

    private init(_ state: State, _ server: ScriptedServer) {
        (self.state, self.server) = (state, server)
        calls = state.calls
        url = server.url + "/hook-secret-path"
    }

    static func start(_ answer: @escaping @Sendable (Call) -> Answer = { _ in .ok }) async throws -> FakeEndpoint {
        let state = State(answer)
        let server = try await ScriptedServer(
            closed: { connection in state.waiting.withLock { _ = $0.connections.remove(connection) } },
            take: { request, reply in reply(state.take(request)) })
        return FakeEndpoint(state, server)
    }

    /// Changes the answer from now on.
    func answer(_ answer: @escaping @Sendable (Call) -> Answer) { state.answer.withLock { $0 = answer } }

    /// The largest number of requests that waited for an answer at the same time.
    var mostWaiting: Int { state.waiting.withLock(\.most) }

    /// Takes the next request.
    func next(_ what: String = "a delivery") async throws -> Call {
        guard let call = try await calls.next(what) else {
            throw OverdueError(what: what, reason: "the endpoint has closed")
        }
        return call
    }

    private final class State: Sendable {
        let calls = Mailbox<Call>()
        let answer: Mutex<@Sendable (Call) -> Answer>
        let waiting = Mutex((connections: Set<Int>(), most: 0))

        init(_ answer: @escaping @Sendable (Call) -> Answer) { self.answer = Mutex(answer) }

        func take(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
            let headers = Dictionary(
                request.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { "\($0), \($1)" })
            let call = Call(headers: headers, body: request.text)
            let answer = answer.withLock { $0 }(call)
            if answer.hangs {
                waiting.withLock { waiting in
                    waiting.connections.insert(request.connection)
                    waiting.most = max(waiting.most, waiting.connections.count)
                }
            }
            calls.put(call)
            return answer.hangs ? .silence : .reply(answer.status, headers: answer.headers, "")
        }
    }
}
