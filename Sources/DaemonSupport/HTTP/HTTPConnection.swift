// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1

/// One connection while it speaks HTTP/1. It takes requests in order, one at a time, and writes their answers.
///
/// It writes answers as bytes without NIO's encoder, so that a short answer needs one buffer and one write.
final class HTTPConnection: ChannelDuplexHandler, RemovableChannelHandler, LoopConnection {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Decoder = ByteToMessageHandler<HTTPRequestDecoder>

    let service: HTTPService
    let loop: HTTPLoop
    let channel: any Channel
    let decoder: Decoder
    var state: HTTPConnectionState
    /// Whether a read is under way and has brought a part of a request.
    private var isReadingParts = false
    private var isWorkingOff = false
    private var task: Task<Void, Never>?
    private var timer: DeadlineTimer?

    /// A connection on `channel`, whose pipeline has `decoder` before this handler.
    ///
    /// - Parameter isRefused: whether the connection's only request is refused because there are too many connections.
    init(
        _ channel: any Channel, decoder: Decoder, peer: Peer, service: HTTPService, loop: HTTPLoop, isRefused: Bool
    ) {
        self.channel = channel
        self.decoder = decoder
        self.service = service
        self.loop = loop
        state = HTTPConnectionState(peer: peer, isRefused: isRefused, takesBody: service.takesBody)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = DeadlineTimer(on: context.eventLoop) { [weak self] in self?.timePassed() }
        perform(.wait(state.isRefused ? .close : .head))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .responding(let request, _) = state.phase { request.presence.leave() }
        task?.cancel()
        timer?.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Afterwards the decoder may be gone, and the bytes are then not of type `InboundIn`.
        guard state.takesParts else { return }
        isReadingParts = true
        state.receive(.part(unwrapInboundIn(data)))
        workOff()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let hasParts = isReadingParts
        // Before the flush: if it makes the channel writable, the next answers are written within it.
        isReadingParts = false
        context.flush()
        perform(state.endRead(hasParts: hasParts))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case ByteToMessageDecoderError.leftoverDataWhenDone(let bytes): state.receive(early: bytes)
        case HTTPParserError.invalidEOFState: cut()
        case HTTPParserError.headerOverflow: state.receive(.fault(.headerTooLarge))
        case HTTPParserError.invalidURL:
            state.receive(
                .fault(
                    .malformed("The request's target has a character that must be written as %XX (RFC 3986 §2.1).")))
        case is HTTPParserError: state.receive(.fault(.malformed("The request is not well-formed HTTP/1.1.")))
        default: cut()
        }
        workOff()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { perform(state.endInput()) }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        if state.mayRead(isWritable: context.channel.isWritable) { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        workOff()
        context.fireChannelWritabilityChanged()
    }

    func drain() {
        perform(state.drain())
    }

    func cut() {
        channel.close(promise: nil)
    }

    private func timePassed() {
        perform(state.timePassed(unsent: unsentBytes, minimumProgress: loop.limits.minimumProgress))
        workOff()
    }

    /// Carries out actions until there is none for now.
    private func workOff() {
        // An answer that needs no waiting calls this method again from within. The loop below then goes on.
        guard !isWorkingOff else { return }
        isWorkingOff = true
        while let action = state.next(isWritable: channel.isWritable, limits: loop.limits) { perform(action) }
        isWorkingOff = false
    }

    func perform(_ action: HTTPConnectionState.Action?) {
        switch action {
        case .respond(let request): respond(to: request)
        case .refuse(let request, let fault): refuse(request, fault)
        case .awaitBody(let isExpected): awaitBody(isExpected: isExpected)
        case .measure: perform(state.note(unsent: unsentBytes))
        case .wait(let deadline): timer?.set(loop.limits.time(for: deadline))
        case .leave(let presence): presence.leave()
        case .noteInputEnd(let stream): stream.noteInputEnd()
        case .read: channel.read()
        case .linger: linger()
        case .cut: cut()
        case .abort: abort()
        case nil: break
        }
    }

    private func awaitBody(isExpected: Bool) {
        timer?.set(loop.limits.bodyTimeout)
        let large = FixedSizeRecvByteBufferAllocator(capacity: 16_384)
        _ = try? channel.syncOptions?.setOption(.recvAllocator, value: large)
        if isExpected {
            channel.writeAndFlush(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"), promise: nil)
        }
    }

    private func respond(to request: HTTPRequest) {
        timer?.lift()
        switch service.answer(request) {
        case .ready(let response): finish(response)
        case .pending(let work):
            let connection = NIOLoopBound(self, eventLoop: channel.eventLoop)
            let task = Task.immediate(executorPreference: loop.executor) {
                let response = await work()
                connection.value.finish(response)
            }
            if case .responding = state.phase { self.task = task }
        }
    }

    private func finish(_ response: HTTPResponse) {
        guard channel.isActive, let (request, persistence) = state.answered() else { return }
        task = nil
        let isHead = request.method == .HEAD
        switch response.body {
        case .bytes, .shared:
            write(response, isHead: isHead, persistence)
            if persistence == .close { return perform(state.linger()) }
            state.goOn()
            // The answers to pipelined requests are sent together after the read.
            if !isReadingParts {
                channel.flush()
                perform(state.endRead(hasParts: true))
            }
            workOff()
        case .eventStream(let ends, let open): openEventStream(response, isHead: isHead, ends: ends, open)
        case .webSocket(let subprotocol, let open): upgrade(request, response, subprotocol, open)
        case .raw(let take):
            state.push(nil)
            take(channel)
        }
    }

    func write(_ response: HTTPResponse, isHead: Bool, _ persistence: HTTPResponse.Persistence) {
        let length = response.mayHaveBody ? response.body.length : nil
        // A short body is sent in the buffer of the head. A long one is not copied.
        let isShort = (length ?? 0) <= 8192
        var buffer = channel.allocator.buffer(capacity: 512 + (isShort && !isHead ? length ?? 0 : 0))
        response.writeHead(to: &buffer, contentLength: length, persistence: persistence, date: loop.date.now())
        guard length != nil, !isHead else { return channel.write(buffer, promise: nil) }
        switch response.body {
        case .bytes(let bytes) where isShort: buffer.writeBytes(bytes)
        case .shared(let body) where isShort: buffer.writeImmutableBuffer(body.bytes)
        default: break
        }
        channel.write(buffer, promise: nil)
        if !isShort, let body = response.body.shared { channel.write(body.bytes, promise: nil) }
    }

    private func refuse(_ request: HTTPRequest?, _ fault: HTTPError) {
        var response = service.problem(request, fault.status, fault.code, fault.message)
        if fault == .overloaded { response.headers.replaceOrAdd(name: "retry-after", value: "5") }
        write(response, isHead: request?.method == .HEAD, .close)
        linger()
    }

    /// Closes our side and lets the client read the answer to its end. If both sides closed while the client still
    /// sends, the kernel would reset the connection, and the answer could be lost (RFC 9112 §9.6).
    private func linger() {
        perform(.measure)
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in
            let connection = bound.value
            connection.channel.close(mode: .output, promise: nil)
            connection.perform(connection.state.sent())
        }
        workOff()
    }

    /// Closes the connection and drops the data that the kernel still holds for it, which may be megabytes (SO_LINGER
    /// in socket(7)).
    private func abort() {
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0))
        cut()
    }

    private var unsentBytes: Int { (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}

extension HTTPLimits {
    /// How long a draining server waits for the first request of a new connection. TCP sends a lost segment again after
    /// one second (RFC 6298 §2).
    private static let freshGrace = TimeAmount.seconds(2)

    fileprivate func time(for deadline: HTTPConnectionState.Deadline) -> TimeAmount {
        switch deadline {
        case .firstRequestOfDraining: min(headerTimeout, Self.freshGrace)
        case .head: headerTimeout
        case .request: idleTimeout
        case .uptake: writeTimeout
        case .close: closeTimeout
        }
    }
}
