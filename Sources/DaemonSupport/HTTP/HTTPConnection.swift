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

    enum State {
        /// Between requests.
        case idle
        /// Between a request's head and its end.
        case receiving(HTTPRequestHead, body: ByteBuffer?)
        /// The caller works on the answer.
        case responding(HTTPRequest, persistence: HTTPResponse.Persistence)
        /// Switches to WebSocket. Bytes that were read too early are kept.
        case upgrading(early: ByteBuffer?)
        /// Is an event stream, or (`nil`) is handed over or about to become a WebSocket. Further input is ignored.
        case pushing(EventStreamConnection?)
        /// Our side is closed. Further input is ignored until the client closes too.
        case lingering
    }

    enum Arrival {
        case part(HTTPServerRequestPart)
        case fault(HTTPError)
    }

    /// How long a draining server waits for the first request of a new connection. TCP sends a lost segment again after
    /// one second (RFC 6298 §2).
    private static let freshGrace = TimeAmount.seconds(2)

    let service: HTTPService
    let loop: HTTPLoop
    let channel: any Channel
    let decoder: Decoder
    private let peer: Peer
    private let isRefused: Bool
    var state = State.idle
    var arrivals = CircularBuffer<Arrival>(initialCapacity: 0)
    private var isWorkingOff = false
    private var isReading = false
    var postponedRead = false
    var isDraining = false
    /// The client has closed its sending side, so no further requests come.
    private var inputHasEnded = false
    private var isFirstHead = true
    private var headHasBegun = false
    private var sawPart = false
    private var unsentBefore = 0
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
        self.peer = peer
        self.service = service
        self.loop = loop
        self.isRefused = isRefused
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = DeadlineTimer(on: context.eventLoop) { [weak self] in self?.timePassed() }
        timer?.set(isRefused ? loop.limits.closeTimeout : loop.limits.headerTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .responding(let request, _) = state { request.presence.leave() }
        task?.cancel()
        timer?.end()
        context.fireChannelInactive()
    }

    // In the other states the decoder may be gone, and the bytes are then not of type `InboundIn`.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .upgrading, .pushing, .lingering: break
        case .idle, .receiving, .responding:
            isReading = true
            sawPart = true
            arrivals.append(.part(unwrapInboundIn(data)))
            workOff()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if case .idle = state, !sawPart { noteHeadBegun() }
        sawPart = false
        context.flush()
        // The kernel has usually taken what was written during the read.
        if case .idle = state, unsentBefore > 0 { awaitProgress() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case ByteToMessageDecoderError.leftoverDataWhenDone(let bytes):
            if case .upgrading = state { state = .upgrading(early: bytes) }
        case HTTPParserError.invalidEOFState: cut()
        case HTTPParserError.headerOverflow: take(.headerTooLarge)
        case HTTPParserError.invalidURL:
            take(.malformed("The request's target has a character that must be written as %XX (RFC 3986 §2.1)."))
        case is HTTPParserError: take(.malformed("The request is not well-formed HTTP/1.1."))
        default: cut()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { endInput() }
        context.fireUserInboundEventTriggered(event)
    }

    /// The client has closed its sending side and asks for nothing more. Requests received before are answered first
    /// (RFC 9112 §9.6).
    private func endInput() {
        inputHasEnded = true
        switch state {
        case .idle where arrivals.isEmpty: linger()
        case .idle: break
        case .responding(let request, _): request.presence.leave()
        // Half a request, or a WebSocket without a closing handshake.
        case .receiving, .upgrading, .pushing(nil): cut()
        case .pushing(let stream?): stream.noteInputEnd()
        case .lingering: if unsentBefore == 0 { cut() }
        }
    }

    /// Reads on only while no input waits and the client takes its answers.
    func read(context: ChannelHandlerContext) {
        if arrivals.isEmpty, context.channel.isWritable { context.read() } else { postponedRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        workOff()
        context.fireChannelWritabilityChanged()
    }

    func drain() {
        isDraining = true
        switch state {
        // A client that has just connected is about to send a request. It would take a closed connection for the
        // answer.
        case .idle where isFirstHead: timer?.set(min(loop.limits.headerTimeout, Self.freshGrace))
        case .idle: cut()
        case .receiving, .responding, .upgrading, .pushing, .lingering: break
        }
    }

    func cut() {
        channel.close(promise: nil)
    }

    /// Input has come that is not yet a whole head. The time for the first head counts from the connect.
    private func noteHeadBegun() {
        guard !headHasBegun else { return }
        headHasBegun = true
        if !isFirstHead, unsentBefore == 0 { timer?.set(loop.limits.headerTimeout) }
    }

    /// Closes the connection and drops the data that the kernel still holds for it, which may be megabytes (SO_LINGER
    /// in socket(7)).
    private func abort() {
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0))
        cut()
    }

    private func take(_ fault: HTTPError) {
        switch state {
        case .upgrading, .pushing, .lingering: break
        case .idle, .receiving, .responding:
            arrivals.append(.fault(fault))
            workOff()
        }
    }

    /// Handles input in order while no answer is pending.
    private func workOff() {
        // An answer that needs no waiting calls this method again from within. The loop below then goes on.
        guard !isWorkingOff else { return }
        isWorkingOff = true
        while canTake, let arrival = arrivals.popFirst() {
            switch arrival {
            case .part(.head(let head)): begin(head)
            case .part(.body(let bytes)): append(bytes)
            case .part(.end): end()
            case .fault(let fault): refuse(fault)
            }
        }
        isWorkingOff = false
        if postponedRead, arrivals.isEmpty, channel.isWritable {
            postponedRead = false
            channel.read()
        }
    }

    private var canTake: Bool {
        switch state {
        case .idle: channel.isWritable
        case .receiving: true
        case .responding, .upgrading, .pushing, .lingering: false
        }
    }

    private func begin(_ received: HTTPRequestHead) {
        var head = received
        head.headers.trimValues()
        state = .receiving(head, body: nil)
        isFirstHead = false
        headHasBegun = false
        if isRefused { return refuse(.overloaded) }
        do throws(HTTPError) {
            try head.checkFraming(loop.limits)
        } catch {
            return refuse(error)
        }
        // The body of a request that will be refused is not kept: ten thousand of them could fill the memory.
        if head.announcesBody, !service.takesBody(request(head)) { return answer(request(head), .close) }
        timer?.set(loop.limits.bodyTimeout)
        if head.expectsContinue {
            channel.writeAndFlush(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"), promise: nil)
        }
    }

    private func append(_ bytes: ByteBuffer) {
        guard case .receiving(let head, var body) = state else { return }
        state = .idle  // Releases the body, so that appending does not copy it.
        if body == nil { body = bytes } else { body?.writeImmutableBuffer(bytes) }
        state = .receiving(head, body: body)
        if (body?.readableBytes ?? 0) > loop.limits.maximumBody { refuse(.bodyTooLarge) }
    }

    private func end() {
        guard case .receiving(let head, let body) = state else { return }
        answer(request(head, body: body.map { Array($0.readableBytesView) } ?? []), persistence(after: head))
    }

    private func answer(_ request: HTTPRequest, _ persistence: HTTPResponse.Persistence) {
        timer?.lift()
        state = .responding(request, persistence: persistence)
        if inputHasEnded { request.presence.leave() }
        let connection = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let respond = service.respond
        let task = Task.immediate(executorPreference: loop.executor) {
            let response = await respond(request)
            connection.value.finish(response)
        }
        if case .responding = state { self.task = task }
    }

    private func request(_ head: HTTPRequestHead, body: [UInt8] = []) -> HTTPRequest {
        HTTPRequest(
            method: head.method, target: head.originTarget, headers: head.headers, body: body, peer: peer)
    }

    private func persistence(after head: HTTPRequestHead) -> HTTPResponse.Persistence {
        // NIO's parser stops after a request with an `Upgrade` field, even if it is not upgraded.
        if isDraining || !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "upgrade") {
            return .close
        }
        return head.version.minor == 0 ? .announcedKeepAlive : .keepAlive
    }

    private func finish(_ response: HTTPResponse) {
        guard channel.isActive, case .responding(let request, var persistence) = state else { return }
        task = nil
        if isDraining || inputHasEnded && arrivals.isEmpty { persistence = .close }
        switch response.body {
        case .bytes(let bytes):
            write(response, bytes, isHead: request.method == .HEAD, persistence)
            guard persistence != .close else { return linger() }
            state = .idle
            awaitProgress()
            workOff()
        case .eventStream(let ends, let open):
            openEventStream(response, isHead: request.method == .HEAD, ends: ends, open)
        case .webSocket(let subprotocol, let open): upgrade(request, response, subprotocol, open)
        case .raw(let take):
            state = .pushing(nil)
            arrivals.removeAll()
            take(channel)
        }
    }

    func write(
        _ response: HTTPResponse, _ bytes: [UInt8], isHead: Bool, _ persistence: HTTPResponse.Persistence
    ) {
        var buffer = channel.allocator.buffer(capacity: 512 + (bytes.count <= 8192 ? bytes.count : 0))
        response.writeHead(
            to: &buffer, contentLength: response.mayHaveBody ? bytes.count : nil, persistence: persistence,
            date: loop.date.now())
        let hasBody = response.mayHaveBody && !isHead
        if hasBody, bytes.count <= 8192 { buffer.writeBytes(bytes) }
        channel.write(buffer, promise: nil)
        if hasBody, bytes.count > 8192 { channel.write(ByteBuffer(bytes: bytes), promise: nil) }
        // The answers to pipelined requests are sent together after the read.
        if !isReading { channel.flush() }
    }

    private func refuse(_ fault: HTTPError) {
        let request: HTTPRequest? =
            if case .receiving(let head, _) = state { self.request(head) } else { nil }
        var response = service.problem(request, fault.status, fault.code, fault.message)
        if fault == .overloaded { response.headers.replaceOrAdd(name: "retry-after", value: "5") }
        guard case .bytes(let bytes) = response.body else { return cut() }
        write(response, bytes, isHead: request?.method == .HEAD, .close)
        linger()
    }

    /// Closes our side and lets the client read the answer to its end. If both sides closed while the client still
    /// sends, the kernel would reset the connection, and the answer could be lost (RFC 9112 §9.6).
    func linger() {
        state = .lingering
        arrivals.removeAll()
        awaitProgress()
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in
            let connection = bound.value
            connection.channel.close(mode: .output, promise: nil)
            connection.unsentBefore = 0
            connection.timer?.set(connection.loop.limits.closeTimeout)
        }
        if postponedRead {
            postponedRead = false
            channel.read()
        }
    }

    private var unsentBytes: Int { (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    /// Starts the time in which the client must take the answer, or send its next request.
    private func awaitProgress() {
        unsentBefore = unsentBytes
        timer?.set(unsentBefore > 0 ? loop.limits.writeTimeout : loop.limits.idleTimeout)
    }

    private func timePassed() {
        switch state {
        case .receiving: take(.slowBody)
        case .idle, .lingering:
            if unsentBefore > 0 {
                let unsent = unsentBytes
                guard unsent == 0 || unsentBefore - unsent >= loop.limits.minimumProgress else { return abort() }
                return awaitProgress()
            }
            if headHasBegun, !isRefused { take(.slowHead) } else { cut() }
        case .responding, .upgrading, .pushing: break
        }
    }
}
