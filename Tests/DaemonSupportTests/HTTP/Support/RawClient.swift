// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix

/// A client that sends the bytes it is told to, and waits for bytes to come.
///
/// Every wait ends after `patience`, so that a test that would hang fails instead.
actor RawClient {
    struct Ended: Error, CustomStringConvertible {
        var received: String
        var description: String { "the wait ended with: \(received)" }
    }

    private let inbox = Inbox()
    private let channel: any Channel
    private var received = ByteBuffer()
    private let patience = TimeAmount.seconds(20)

    /// Connects to `address`. With a `receiveBuffer` (SO_RCVBUF) and without `reads`, it is a client that is slow to read.
    init(_ address: SocketAddress, reads: Bool = true, receiveBuffer: Int? = nil) async throws {
        let inbox = inbox
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { $0.pipeline.addHandler(inbox) }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
        }
        channel = try await bootstrap.connect(to: address).get()
    }

    /// Sends text as it is.
    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// Sends bytes as they are.
    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Starts to read, where the client did not from the start.
    func read() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    /// The next `count` bytes.
    func bytes(_ count: Int) async throws -> [UInt8] {
        while received.readableBytes < count { try await more() }
        return received.readBytes(length: count) ?? []
    }

    /// What comes up to and including `end`.
    func text(upTo end: String) async throws -> String {
        let end = Array(end.utf8)
        while true {
            if let found = received.readableBytesView.firstRange(of: end) {
                let length = found.upperBound - received.readableBytesView.startIndex
                return String(decoding: received.readBytes(length: length) ?? [], as: UTF8.self)
            }
            try await more()
        }
    }

    /// What comes until the server closes the connection, or its error.
    func rest() async throws -> String {
        do {
            while true { try await more() }
        } catch is Ended {
            defer { received.clear() }
            return String(buffer: received)
        }
    }

    /// Waits until the server has closed the connection.
    func closed() async throws {
        _ = try await rest()
    }

    /// Closes the connection.
    func close() async {
        try? await channel.close()
    }

    /// Ends this side, as `shutdown(SHUT_WR)` does, and reads on.
    func endInput() async throws {
        try await channel.close(mode: .output)
    }

    /// Closes the connection with a reset (SO_LINGER in socket(7)).
    func reset() async {
        let options = channel as? any SocketOptionProvider
        try? await options?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        await close()
    }

    private func more() async throws {
        let channel = channel
        let late = channel.eventLoop.scheduleTask(in: patience) { [inbox] in inbox.end(TimedOut()) }
        defer { late.cancel() }
        let next = channel.eventLoop.flatSubmit { [inbox] in inbox.next(on: channel.eventLoop) }
        guard let bytes = try await next.get() else { throw Ended(received: String(buffer: received)) }
        received.writeImmutableBuffer(bytes)
    }

    struct TimedOut: Error {}
}

/// Keeps what has come until somebody asks for it. Confined to the channel's event loop.
private final class Inbox: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private var arrived = ByteBuffer()
    private var isEnded = false
    private var waiter: EventLoopPromise<ByteBuffer?>?

    func next(on eventLoop: any EventLoop) -> EventLoopFuture<ByteBuffer?> {
        if arrived.readableBytes > 0 {
            defer { arrived.clear() }
            return eventLoop.makeSucceededFuture(arrived)
        }
        if isEnded { return eventLoop.makeSucceededFuture(nil) }
        let promise = eventLoop.makePromise(of: ByteBuffer?.self)
        waiter = promise
        return promise.futureResult
    }

    func end(_ error: any Error) {
        waiter?.fail(error)
        waiter = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived.writeImmutableBuffer(unwrapInboundIn(data))
        guard let waiter else { return }
        self.waiter = nil
        let bytes = arrived
        arrived.clear()
        waiter.succeed(bytes)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isEnded = true
        waiter?.succeed(nil)
        waiter = nil
    }

    // A reset by the server is followed by `channelInactive`, which says all there is to say.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
