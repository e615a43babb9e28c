// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1

/// One connection while it speaks HTTP/1: takes requests in order, one at a time, and writes their answers.
///
/// Answers are written as bytes, past NIO's encoder: one buffer and one write for a short one.
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
        /// Switching to WebSocket; what was read too early is kept.
        case upgrading(early: ByteBuffer?)
        /// An event stream, a connection handed over or, soon, a WebSocket: whatever else comes in is ignored.
        case pushing(isEventStream: Bool)
        /// Our side is closed; what still comes in is ignored until the client closes too.
        case lingering
    }

    enum Arrival {
        case part(HTTPServerRequestPart)
        case fault(HTTPError)
    }

    /// How long a draining server waits for the first request of a new connection: a segment that was lost is sent again
    /// after one second (RFC 6298, section 2).
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
    /// The client has ended its side: there are no further requests.
    private var inputHasEnded = false
    private var isFirstHead = true
    private var headHasBegun = false
    private var sawPart = false
    private var unsentBefore = 0
    private var task: Task<Void, Never>?
    private var timer: DeadlineTimer?

    /// A connection on `channel`, whose pipeline holds `decoder` before this handler.
    ///
    /// - Parameter isRefused: whether its one request is to be answered that there are too many connections.
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

    // Bytes that come after the decoder has gone are not of type `InboundIn`, hence no unwrapping in those states.
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
        // What was written during the read has mostly been taken by now.
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

    /// Takes the end of input for what it says, "no further requests": what has been asked is answered first (RFC 9112 §9.6).
    private func endInput() {
        inputHasEnded = true
        switch state {
        case .idle where arrivals.isEmpty: linger()
        case .idle: break
        case .responding(let request, _): request.presence.leave()
        // Half a request, or a WebSocket without its closing handshake.
        case .receiving, .upgrading, .pushing(isEventStream: false): cut()
        // Whoever has gone altogether answers this comment with a reset; whoever still reads passes over it.
        case .pushing(isEventStream: true): channel.writeAndFlush(ByteBuffer(staticString: ":\n\n"), promise: nil)
        case .lingering: if unsentBefore == 0 { cut() }
        }
    }

    /// Reads on only while nothing waits for its turn and the client takes its answers.
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
        // Who has just connected is about to ask, and would take a reset for an answer.
        case .idle where isFirstHead: timer?.set(min(loop.limits.headerTimeout, Self.freshGrace))
        case .idle: cut()
        case .receiving, .responding, .upgrading, .pushing, .lingering: break
        }
    }

    func cut() {
        channel.close(promise: nil)
    }

    /// Bytes have come that make no request yet. The first head is timed from the connect on.
    private func noteHeadBegun() {
        guard !headHasBegun else { return }
        headHasBegun = true
        if !isFirstHead, unsentBefore == 0 { timer?.set(loop.limits.headerTimeout) }
    }

    /// Closes the connection and drops what the kernel still holds for it, which may be megabytes (SO_LINGER in socket(7)).
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

    /// Takes arrivals in order as long as no answer is pending.
    private func workOff() {
        // An answer that is there at once comes back here from within; the loop below goes on with it.
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
        // What a stranger sends is not kept: ten thousand of them could fill the memory.
        if head.announcesBody, !service.takesBody(request(head)) { return answer(request(head), .close) }
        timer?.set(loop.limits.bodyTimeout)
        if head.expectsContinue {
            channel.writeAndFlush(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"), promise: nil)
        }
    }

    private func append(_ bytes: ByteBuffer) {
        guard case .receiving(let head, var body) = state else { return }
        state = .idle  // Lets go of the body, so that appending does not copy it.
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
        // The parser stops after a request that offers an upgrade, whether or not it is taken.
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
            state = .pushing(isEventStream: false)
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
        // Answers to pipelined requests leave together once the read is over.
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

    /// Closes our side and lets the client read the answer to its end: closing both sides while it still sends would make the
    /// kernel reset the connection, and the answer might be lost (RFC 9112 §9.6).
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

    /// Gives the client its time to take what is written, or else to ask for more.
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
