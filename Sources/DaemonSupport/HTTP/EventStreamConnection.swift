// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A client that reads Server-Sent Events (WHATWG HTML §9.2).
///
/// The stream ends when the connection closes. It is not chunked, so that all clients share the bytes of an event.
final class EventStreamConnection: PushConnection, LoopConnection, HeartbeatConnection,
    @unchecked Sendable  // Confined to `eventLoop`.
{
    let eventLoop: any EventLoop
    var onText: (@Sendable (String) -> Void)?
    private let sender: PushSender
    private let ends: Bool

    /// Takes over `channel` after the head of the answer was written.
    ///
    /// - Parameter ends: whether the stream's owner ends it by itself soon after the server starts to drain.
    init(_ channel: any Channel, limits: HTTPLimits, ends: Bool) {
        self.ends = ends
        eventLoop = channel.eventLoop
        sender = PushSender(channel, sendBuffer: limits.sendBuffer)
    }

    var unsentBytes: Int { sender.unsentBytes }

    var closed: EventLoopFuture<Void> { sender.channel.closeFuture }

    func send(_ message: PushMessage) -> EventLoopFuture<Void> {
        send(contentsOf: [message])
    }

    func send(contentsOf messages: [PushMessage]) -> EventLoopFuture<Void> {
        sender.send(contentsOf: messages.lazy.map(\.event))
    }

    func push(_ message: PushMessage) {
        sender.send(message.event)
    }

    /// Ends the stream. An event stream has no way to send the reason.
    func close(_ close: PushClose) {
        cut()
    }

    func drain() {
        if !ends { cut() }
    }

    func cut() {
        sender.channel.close(promise: nil)
    }

    /// Notes that the client has ended its side. A client that is gone answers a comment with a TCP reset. A client that still reads
    /// ignores it.
    func noteInputEnd() {
        sender.send(EventStreamWire.comment)
    }

    func beat() -> Bool {
        guard sender.channel.isActive else { return false }
        if sender.isStalled() { cut() } else if sender.unsentBytes == 0 { sender.send(EventStreamWire.comment) }
        return true
    }
}
