// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOHTTP1
import NIOPosix

/// Runs `body` with a server on a free loopback port, and drains the server afterwards.
func withServer(
    limits: HTTPLimits = HTTPLimits(), on address: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
    respond: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = answer,
    body: (HTTPServer, SocketAddress) async throws -> Void
) async throws {
    let server = HTTPServer(group: MultiThreadedEventLoopGroup.singleton, limits: limits, respond: respond)
    let bound = try await server.listen(on: address)
    do {
        try await body(server, bound)
    } catch {
        await server.drain(grace: .zero)
        throw error
    }
    await server.drain(grace: .zero)
}

/// Answers with the method, the path and the body of the request.
@Sendable func answer(_ request: HTTPRequest) async -> HTTPResponse {
    HTTPResponse(
        status: .ok, headers: ["content-type": "text/plain"],
        body: .bytes(Array("\(request.method.rawValue) \(request.path) ".utf8) + request.body))
}

/// A message with `text` as its JSON.
func message(_ text: String, event: String = "message", id: Int64? = nil) -> PushMessage {
    PushMessage(json: Array(text.utf8), event: event, id: id)
}
