// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOHTTP1

/// The Model Context Protocol over HTTP: one POST for each message, answered by JSON or by a short event stream.
///
/// There are no protocol sessions, so there is nothing to GET or DELETE.
struct MCPRoutes: Sendable {
    let server: ProtocolServer
    let counted: @Sendable (String) -> Void
    private let subscriptions = SubscriptionCount(limit: 100)

    init(
        store: SessionStore, actions: SessionActions, queue: TaskQueue, feed: ChangeFeed,
        access: @escaping @Sendable () -> MCPAccess,
        counted: @escaping @Sendable (String) -> Void = { _ in }, failed: @escaping @Sendable (any Error) -> Void
    ) {
        let calls = ToolCalls(
            store: store, actions: actions, queue: queue, feed: feed, access: access,
            explain: { error in RequestError(any: error).map(\.message) })
        server = ProtocolServer(calls: calls, failed: failed)
        self.counted = counted
    }

    var routes: [Route] {
        [Route(.POST, "/mcp", post)]
    }

    /// The name of a request to `/mcp` in limits and metrics: a tool's name, or another one of a bounded set.
    static func label(_ request: HTTPRequest) -> String? {
        guard request.path == "/mcp", request.method == .POST else { return nil }
        guard let json = try? JSON(parsing: request.body), let message = try? RPCMessage(json) else { return "other" }
        return ProtocolServer.label(message)
    }

    @Sendable private func post(_ request: RouteRequest) async throws -> HTTPResponse {
        guard server.calls.access() != .off else { throw RequestError.notFound("such address") }
        let http = request.request
        let type = http.headers.first(name: "content-type")?.split(separator: ";").first?.lowercased()
        guard type?.filter({ $0 != " " && $0 != "\t" }) == "application/json" else {
            throw RequestError(
                .unsupportedMediaType, "unsupported_media_type", "The body must be application/json in UTF-8.")
        }
        counted(Self.label(http) ?? "other")
        let fields = RPCFields(
            version: http.headers.first(name: "mcp-protocol-version"), method: http.headers.first(name: "mcp-method"),
            name: http.headers.first(name: "mcp-name"))
        let exchange: RPCExchange
        do { exchange = try RPCExchange(http.body, fields) } catch {
            return .json(HTTPResponseStatus(statusCode: error.status), error.json.bytes)
        }
        return await answer(exchange, takesStream: http.takesEventStream)
    }

    private func answer(_ exchange: RPCExchange, takesStream: Bool) async -> HTTPResponse {
        guard !exchange.isBatch, let message = exchange.messages.first else { return await batch(exchange) }
        if message.method == "subscriptions/listen", !exchange.revision.hasHandshake {
            return listen(message)
        }
        if takesStream, server.isWaiting(message) { return wait(message, exchange.revision) }
        guard let (status, json) = await server.answer(message, exchange.revision) else {
            return HTTPResponse(status: .accepted)
        }
        return .json(HTTPResponseStatus(statusCode: status), json.bytes)
    }

    /// All answers of a batch in one. Nothing in a batch waits.
    private func batch(_ exchange: RPCExchange) async -> HTTPResponse {
        var answers: [JSON] = []
        for message in exchange.messages {
            if let answer = await server.answer(message, exchange.revision, longestWait: .zero) {
                answers.append(answer.json)
            }
        }
        return answers.isEmpty ? HTTPResponse(status: .accepted) : .json(.ok, JSON.array(answers).bytes)
    }

    private func wait(_ message: RPCMessage, _ revision: Revision) -> HTTPResponse {
        stream { tell in
            await server.answer(message, revision, progress: tell)?.json
        }
    }

    private func listen(_ message: RPCMessage) -> HTTPResponse {
        do {
            let subscription = try Subscription(message)
            return stream { tell in
                do {
                    try await subscriptions.holding {
                        try await subscription.run(server.calls.store, server.calls.feed, tell: tell)
                    }
                    return subscription.end
                } catch let error as RPCError {
                    return error.answering(subscription.id).json
                } catch {
                    server.failed(error)
                    return RPCError.fault.answering(subscription.id).json
                }
            }
        } catch {
            return .json(.badRequest, error.json.bytes)
        }
    }

    /// A stream that lasts as long as `body`, or as long as the client stays. `body` returns the last message. Its task is
    /// cancelled when the client closes the connection.
    private func stream(
        _ body: @escaping @Sendable (_ tell: @escaping @Sendable (JSON) -> Void) async -> JSON?
    ) -> HTTPResponse {
        HTTPResponse(
            status: .ok,
            body: .eventStream(ends: true) { connection in
                let task = Task {
                    let last = await body { message in
                        let message = PushMessage(json: message.bytes, event: "message")
                        connection.eventLoop.execute { connection.push(message) }
                    }
                    let messages = last.map { [PushMessage(json: $0.bytes, event: "message")] } ?? []
                    connection.eventLoop.execute {
                        connection.send(contentsOf: messages).whenComplete { _ in connection.close(.restart) }
                    }
                }
                connection.closed.whenComplete { _ in task.cancel() }
            })
    }
}

extension HTTPRequest {
    /// Whether the client accepts an event stream.
    fileprivate var takesEventStream: Bool {
        headers["accept"].joined(separator: ",").lowercased().contains("text/event-stream")
    }
}
