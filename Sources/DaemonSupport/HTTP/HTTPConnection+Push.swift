// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOWebSocket

/// How a connection changes from HTTP to one that the server pushes to.
extension HTTPConnection {
    func openEventStream(
        _ response: HTTPResponse, isHead: Bool, ends: Bool, _ open: @Sendable (any PushConnection) -> Void
    ) {
        var response = response
        response.headers.replaceOrAdd(name: "content-type", value: "text/event-stream")
        // A proxy that compresses would delay events (RFC 9111 §5.2.2.6).
        response.headers.replaceOrAdd(name: "cache-control", value: "no-store, no-transform")
        // Otherwise nginx collects events until its buffer is full.
        response.headers.replaceOrAdd(name: "x-accel-buffering", value: "no")
        var buffer = channel.allocator.buffer(capacity: 512)
        response.writeHead(to: &buffer, contentLength: nil, persistence: .close, date: loop.date.now())
        channel.writeAndFlush(buffer, promise: nil)
        if isHead { return perform(state.linger()) }
        let stream = EventStreamConnection(channel, limits: loop.limits, ends: ends)
        state.push(stream)
        channel.pipeline.syncOperations.removeHandler(decoder, promise: nil)
        loop.register(stream, for: channel)
        loop.comments.add(stream, every: loop.limits.commentInterval)
        count(.eventStream)
        open(stream)
        if state.isDraining { stream.drain() }
    }

    func upgrade(
        _ request: HTTPRequest, _ response: HTTPResponse, _ subprotocol: String?,
        _ open: @escaping @Sendable (any PushConnection) -> Void
    ) {
        let handshake: WebSocketHandshake
        switch request.webSocketHandshake() {
        case .success(let value): handshake = value
        case .failure(let refusal):
            let code = refusal.status == .upgradeRequired ? "upgrade_required" : "invalid_request"
            var problem = service.problem(request, refusal.status, code, refusal.message)
            problem.headers.replaceOrAdd(refusal.headers)
            write(problem, isHead: request.method == .HEAD, .close)
            return perform(state.linger())
        }
        var answer = HTTPResponse(status: .switchingProtocols, headers: response.headers)
        answer.headers.replaceOrAdd(name: "upgrade", value: "websocket")
        answer.headers.replaceOrAdd(name: "sec-websocket-accept", value: handshake.accept)
        if let subprotocol, handshake.subprotocols.contains(subprotocol) {
            answer.headers.replaceOrAdd(name: "sec-websocket-protocol", value: subprotocol)
        }
        var buffer = channel.allocator.buffer(capacity: 512)
        answer.writeHead(to: &buffer, contentLength: nil, persistence: .upgrade, date: loop.date.now())
        channel.writeAndFlush(buffer, promise: nil)
        state.upgrade()
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.pipeline.syncOperations.removeHandler(decoder).whenSuccess { bound.value.becomeWebSocket(open) }
    }

    private func becomeWebSocket(_ open: @Sendable (any PushConnection) -> Void) {
        guard channel.isActive, case .upgrading(let early) = state.phase else { return }
        state.push(nil)
        let webSocket = WebSocketConnection(channel, limits: loop.limits)
        let pipeline = channel.pipeline.syncOperations
        do {
            let frames = WebSocketFrameDecoder(maxFrameSize: loop.limits.maximumWebSocketMessage)
            try pipeline.addHandler(ByteToMessageHandler(frames))
            try pipeline.addHandler(webSocket)
        } catch {
            return cut()
        }
        pipeline.removeHandler(self, promise: nil)
        loop.register(webSocket, for: channel)
        loop.pings.add(webSocket, every: loop.limits.pingInterval)
        count(.webSocket)
        open(webSocket)
        if state.isDraining { return webSocket.drain() }
        if let early {
            pipeline.fireChannelRead(NIOAny(early))
            pipeline.fireChannelReadComplete()
        }
        // A read that was postponed while this was an HTTP connection.
        if state.isReadPostponed { channel.read() }
    }

    private func count(_ kind: HTTPCounters.Kind) {
        let counters = service.counters
        counters.add(1, to: kind)
        channel.closeFuture.whenComplete { _ in counters.add(-1, to: kind) }
    }
}

extension HTTPHeaders {
    fileprivate mutating func replaceOrAdd(_ fields: HTTPHeaders) {
        for (name, value) in fields { replaceOrAdd(name: name, value: value) }
    }
}
