// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// What an HTTP/1 connection does next: events in, actions out, without time or sockets.
///
/// The caller reports each event, carries out the action that is returned, and then the actions of ``next(isWritable:limits:)``.
struct HTTPConnectionState {
    enum Phase {
        /// Between requests.
        case idle(Awaited)
        /// Between a request's head and its end. Then `responding`.
        case receiving(HTTPRequestHead, body: ByteBuffer?)
        /// The handler makes the answer. Then `idle`, `upgrading`, `pushing` or `lingering`.
        case responding(HTTPRequest, HTTPResponse.Persistence)
        /// Switching to WebSocket; what was read too early is kept. Then `pushing`.
        case upgrading(early: ByteBuffer?)
        /// Is an event stream, or (`nil`) is handed over or about to become a WebSocket. Further input is ignored.
        case pushing(EventStreamConnection?)
        /// The last answer is written, and of it `unsent` bytes still wait: what comes in is ignored until the client closes too.
        case lingering(unsent: Int)
    }

    /// What the connection waits for between two requests.
    enum Awaited: Equatable {
        /// The first request of all.
        case firstRequest
        /// The rest of its head.
        case firstHead
        /// That the client reads the last answer, of which `unsent` bytes wait.
        case uptake(unsent: Int)
        /// The next request.
        case request
        /// The rest of its head.
        case head
    }

    /// Whether there may be further requests.
    private enum Prospect {
        case open
        /// The client has closed its side. The requests before that are answered.
        case ended
        /// The server stops. The present request is the last one.
        case draining
    }

    enum Arrival {
        case part(HTTPServerRequestPart)
        case fault(HTTPError)
    }

    enum Action {
        /// Make the answer, then call ``answered()``.
        case respond(HTTPRequest)
        /// Refuse the request, or the connection if there is no request, and `linger`.
        case refuse(HTTPRequest?, HTTPError)
        /// Wait for a body. If it `isExpected`, the client waits for 100 Continue (RFC 9110 §10.1.1).
        case awaitBody(isExpected: Bool)
        /// Count the bytes of answers that still wait, and call ``note(unsent:)``.
        case measure
        /// Call ``timePassed(unsent:minimumProgress:)`` after this time, unless another deadline is set first.
        case wait(Deadline)
        /// Tell the work on the answer that the client has gone.
        case leave(ClientPresence)
        case noteInputEnd(EventStreamConnection)
        case read
        /// Close our side after everything is written, then call ``sent()``.
        case linger
        case cut
        /// Close, and drop what still waits.
        case abort
    }

    /// What has a time limit. ``HTTPLimits`` has the times.
    enum Deadline {
        case firstRequestOfDraining, head, request, uptake, close
    }

    let peer: Peer
    /// Whether the only request is refused because there are too many connections.
    let isRefused: Bool
    /// Whether the body of a request should be read. Only the head is known yet.
    let takesBody: @Sendable (HTTPRequest) -> Bool
    private(set) var phase = Phase.idle(.firstRequest)
    private var prospect = Prospect.open
    private var arrivals = CircularBuffer<Arrival>(initialCapacity: 0)
    private(set) var isReadPostponed = false

    init(peer: Peer, isRefused: Bool, takesBody: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true }) {
        self.peer = peer
        self.isRefused = isRefused
        self.takesBody = takesBody
    }

    var isDraining: Bool { prospect == .draining }

    /// Whether parts of requests are still taken.
    var takesParts: Bool {
        switch phase {
        case .idle, .receiving, .responding: true
        case .upgrading, .pushing, .lingering: false
        }
    }

    /// Adds a part of a request, or an error in it, to the parts that wait.
    mutating func receive(_ arrival: Arrival) {
        if takesParts { arrivals.append(arrival) }
    }

    /// Keeps bytes that belong to the protocol after the switch.
    mutating func receive(early bytes: ByteBuffer) {
        if case .upgrading = phase { phase = .upgrading(early: bytes) }
    }

    /// Notes the end of a read. The answers written during it have been passed to the kernel.
    ///
    /// - Parameter hasParts: whether the read brought a part of a request.
    mutating func endRead(hasParts: Bool) -> Action? {
        switch phase {
        case .idle(.uptake): return .measure
        case .idle(.request) where !hasParts:
            phase = .idle(.head)
            return .wait(.head)
        // The time for the first head runs from the start of the connection.
        case .idle(.firstRequest) where !hasParts && !isRefused: phase = .idle(.firstHead)
        case .idle, .receiving, .responding, .upgrading, .pushing, .lingering: break
        }
        return nil
    }

    /// Notes the end of input. It means "no further requests": the earlier ones are answered first (RFC 9112 §9.6).
    mutating func endInput() -> Action? {
        if prospect == .open { prospect = .ended }
        switch phase {
        case .idle: return arrivals.isEmpty ? linger() : nil
        case .responding(let request, _): return .leave(request.presence)
        // Half a request, or a WebSocket without its closing handshake.
        case .receiving, .upgrading, .pushing(nil): return .cut
        case .pushing(let stream?): return .noteInputEnd(stream)
        case .lingering(let unsent): return unsent == 0 ? .cut : nil
        }
    }

    /// Ends the connection after the present request.
    mutating func drain() -> Action? {
        prospect = .draining
        switch phase {
        // A client that has just connected is about to send a request. A reset would be its answer.
        case .idle(.firstRequest), .idle(.firstHead): return .wait(.firstRequestOfDraining)
        case .idle: return .cut
        case .receiving, .responding, .upgrading, .pushing, .lingering: return nil
        }
    }

    /// Whether to read now. If not, the read follows when no part waits and the client reads its answers.
    mutating func mayRead(isWritable: Bool) -> Bool {
        isReadPostponed = !arrivals.isEmpty || !isWritable
        return !isReadPostponed
    }

    /// The next action for the parts that have come; `nil` if there is none at present.
    mutating func next(isWritable: Bool, limits: HTTPLimits) -> Action? {
        while mayTake(isWritable), let arrival = arrivals.popFirst() {
            if let action = take(arrival, limits) { return action }
        }
        guard isReadPostponed, mayRead(isWritable: isWritable) else { return nil }
        return .read
    }

    private func mayTake(_ isWritable: Bool) -> Bool {
        switch phase {
        case .idle: isWritable
        case .receiving: true
        case .responding, .upgrading, .pushing, .lingering: false
        }
    }

    private mutating func take(_ arrival: Arrival, _ limits: HTTPLimits) -> Action? {
        switch arrival {
        case .part(.head(let head)): return begin(head, limits)
        case .part(.body(let bytes)): return append(bytes, limits)
        case .part(.end):
            guard case .receiving(let head, let body) = phase else { return nil }
            return respond(request(head, body: body), persistence(after: head))
        case .fault(let fault): return refuse(fault)
        }
    }

    private mutating func begin(_ received: HTTPRequestHead, _ limits: HTTPLimits) -> Action? {
        var head = received
        head.headers.trimValues()
        phase = .receiving(head, body: nil)
        if isRefused { return refuse(.overloaded) }
        do throws(HTTPError) {
            try head.checkFraming(limits)
        } catch {
            return refuse(error)
        }
        guard head.announcesBody else { return nil }
        let request = request(head)
        // The body of a client that is not admitted is not kept: ten thousand of them could fill the memory.
        guard takesBody(request) else { return respond(request, .close) }
        return .awaitBody(isExpected: head.expectsContinue)
    }

    private mutating func append(_ bytes: ByteBuffer, _ limits: HTTPLimits) -> Action? {
        guard case .receiving(let head, var body) = phase else { return nil }
        phase = .receiving(head, body: nil)  // Lets go of the body, so that appending does not copy it.
        if body == nil { body = bytes } else { body?.writeImmutableBuffer(bytes) }
        phase = .receiving(head, body: body)
        return (body?.readableBytes ?? 0) > limits.maximumBody ? refuse(.bodyTooLarge) : nil
    }

    private mutating func respond(_ request: HTTPRequest, _ persistence: HTTPResponse.Persistence) -> Action {
        phase = .responding(request, persistence)
        if prospect == .ended { request.presence.leave() }
        return .respond(request)
    }

    private mutating func refuse(_ fault: HTTPError) -> Action {
        let refused: HTTPRequest? = if case .receiving(let head, _) = phase { request(head) } else { nil }
        _ = linger()
        return .refuse(refused, fault)
    }

    private func request(_ head: HTTPRequestHead, body: ByteBuffer? = nil) -> HTTPRequest {
        HTTPRequest(
            method: head.method, target: head.originTarget, headers: head.headers,
            body: body.map { Array($0.readableBytesView) } ?? [], peer: peer)
    }

    private func persistence(after head: HTTPRequestHead) -> HTTPResponse.Persistence {
        // The parser stops after a request that offers an upgrade, whether or not it is taken.
        if !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "upgrade") { return .close }
        return head.version.minor == 0 ? .announcedKeepAlive : .keepAlive
    }

    /// Called when the answer is ready. Returns its request and whether the connection stays open; `nil` if the client has gone.
    func answered() -> (request: HTTPRequest, persistence: HTTPResponse.Persistence)? {
        guard case .responding(let request, let persistence) = phase else { return nil }
        let isLast = prospect == .draining || prospect == .ended && arrivals.isEmpty
        return (request, isLast ? .close : persistence)
    }

    /// Notes that the answer is written and that another request may follow.
    mutating func goOn() { phase = .idle(.uptake(unsent: 0)) }

    /// Notes that the last answer is written.
    mutating func linger() -> Action {
        enter(.lingering(unsent: 0))
        return .linger
    }

    /// Notes that the switch to WebSocket begins.
    mutating func upgrade() { enter(.upgrading(early: nil)) }

    /// Notes the end of HTTP: the connection is an event stream now, or (`nil`) something else.
    mutating func push(_ stream: EventStreamConnection?) { enter(.pushing(stream)) }

    private mutating func enter(_ phase: Phase) {
        self.phase = phase
        arrivals.removeAll()
    }

    /// Notes that `unsent` bytes of the answers wait for the client.
    mutating func note(unsent: Int) -> Action {
        if case .lingering = phase {
            phase = .lingering(unsent: unsent)
        } else {
            phase = .idle(unsent > 0 ? .uptake(unsent: unsent) : .request)
        }
        return .wait(unsent > 0 ? .uptake : .request)
    }

    /// Notes that everything is written and our side is closed.
    mutating func sent() -> Action? {
        guard case .lingering = phase else { return nil }
        phase = .lingering(unsent: 0)
        return .wait(.close)
    }

    /// Notes that a deadline has passed.
    mutating func timePassed(unsent: Int, minimumProgress: Int) -> Action? {
        switch phase {
        case .receiving: receive(.fault(.slowBody))
        case .idle(.firstHead), .idle(.head): receive(.fault(.slowHead))
        case .idle(.firstRequest), .idle(.request), .lingering(unsent: 0): return .cut
        case .idle(.uptake(let before)), .lingering(let before):
            return unsent == 0 || before - unsent >= minimumProgress ? note(unsent: unsent) : .abort
        case .responding, .upgrading, .pushing: break
        }
        return nil
    }
}
