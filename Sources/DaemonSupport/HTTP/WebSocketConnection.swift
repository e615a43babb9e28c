// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOWebSocket

/// A WebSocket client (RFC 6455). NIO's frame decoder comes before this handler; frames to the client are encoded
/// before they get here.
final class WebSocketConnection: ChannelDuplexHandler, PushConnection, LoopConnection, HeartbeatConnection,
    @unchecked Sendable  // Confined to `eventLoop`.
{
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let eventLoop: any EventLoop
    var onText: (@Sendable (String) -> Void)?
    private let closeTimeout: TimeAmount
    private let sender: PushSender
    private var inbox: WebSocketInbox
    private var awaitsPong = false
    private var isOpen = true
    private var postponedRead = false

    /// Takes over `channel` after the handshake.
    init(_ channel: any Channel, limits: HTTPLimits) {
        eventLoop = channel.eventLoop
        closeTimeout = limits.closeTimeout
        sender = PushSender(channel, sendBuffer: limits.sendBuffer)
        inbox = WebSocketInbox(
            maximumMessage: limits.maximumWebSocketMessage, maximumFragments: limits.maximumWebSocketFragments)
    }

    var unsentBytes: Int { sender.unsentBytes }

    var closed: EventLoopFuture<Void> { sender.channel.closeFuture }

    func send(_ message: PushMessage) -> EventLoopFuture<Void> {
        send(contentsOf: [message])
    }

    func send(contentsOf messages: [PushMessage]) -> EventLoopFuture<Void> {
        guard isOpen else { return eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        return sender.send(contentsOf: messages.lazy.map(\.webSocketFrame))
    }

    func push(_ message: PushMessage) {
        guard isOpen else { return }
        sender.send(message.webSocketFrame)
    }

    func close(_ close: PushClose) {
        guard isOpen else { return }
        isOpen = false
        // After waiting data a close frame would come too late or never.
        guard unsentBytes == 0 else { return cut() }
        sender.send(WebSocketWire.close(close))
        guard unsentBytes == 0 else { return cut() }
        eventLoop.assumeIsolated().scheduleTask(in: closeTimeout) { self.cut() }
    }

    func drain() {
        close(.restart)
    }

    func cut() {
        sender.channel.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A WebSocket closes in both directions at once (RFC 6455 §7.1.1).
        if let event = event as? ChannelEvent, event == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOpen = false
        onText = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch inbox.receive(unwrapInboundIn(data)) {
        case .text(let text): if isOpen { onText?(text) }
        case .ping(let payload): if isOpen { sender.send(WebSocketWire.frame(.pong, payload.readableBytesView)) }
        case .pong: awaitsPong = false
        case .close(let code): answerClose(code)
        case .fault(let fault): close(fault)
        case nil: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: close(.tooBig)
        case is NIOWebSocketError: close(.violation("malformed control frame"))
        default: cut()
        }
    }

    /// Reads on only while the client takes what is sent. Otherwise the answers to its own messages could fill our
    /// memory.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() } else { postponedRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if postponedRead, context.channel.isWritable {
            postponedRead = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    private func answerClose(_ code: UInt16?) {
        if isOpen {
            isOpen = false
            guard unsentBytes == 0 else { return cut() }
            sender.send(WebSocketWire.close(code.map { PushClose(code: $0, reason: "") }))
        }
        cut()
    }

    func beat() -> Bool {
        if isOpen { ping() }
        return isOpen
    }

    private func ping() {
        // A ping would wait after bytes that wait already. If the client takes those, it is alive, as a pong would
        // show.
        if sender.isStalled() { return expire() }
        guard unsentBytes == 0 else { return }
        guard awaitsPong else {
            awaitsPong = true
            return sender.send(WebSocketWire.frame(.ping, []))
        }
        // If this process was the one that stood still, the pong has arrived and only has to be read.
        eventLoop.scheduleTask(in: .milliseconds(100)) {
            if self.awaitsPong { self.expire() }
        }
    }

    private func expire() {
        close(.heartbeat)
        cut()
    }
}
