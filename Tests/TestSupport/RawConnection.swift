// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import NIOCore
internal import NIOPosix

/// A connection that sends any bytes and waits for bytes.
public actor RawConnection {
    private let channel: any Channel
    private let arrived = Mailbox<ByteBuffer>()
    private var received = ByteBuffer()

    /// Connects to `address`. With a small `receiveBuffer` (SO_RCVBUF) and `reads` false, it is a client that reads
    /// nothing.
    public init(_ address: SocketAddress, reads: Bool = true, receiveBuffer: Int? = nil) async throws {
        let arrived = arrived
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Arrivals(mailbox: arrived))
                }
            }
        if let receiveBuffer { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer) }
        channel = try await bootstrap.connect(to: address).get()
    }

    /// Sends the text unchanged.
    public func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Sends the bytes unchanged.
    public func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// Starts to read, if the connection was made with `reads` false.
    public func read() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// The next `count` bytes.
    public func bytes(_ count: Int) async throws -> [UInt8] {
        while received.readableBytes < count { try await more("\(count) bytes") }
        return received.readBytes(length: count) ?? []
    }

    /// The text up to and including `end`.
    public func text(upTo end: String) async throws -> String {
        let end = Array(end.utf8)
        while true {
            if let found = received.readableBytesView.firstRange(of: end) {
                let length = found.upperBound - received.readableBytesView.startIndex
                return String(decoding: received.readBytes(length: length) ?? [], as: UTF8.self)
            }
            try await more("text up to \(end)")
        }
    }

    /// All bytes until the other side closes the connection or it breaks.
    public func restBytes() async throws -> [UInt8] {
        while let next = try await arrived.next("the end of the connection") { received.writeImmutableBuffer(next) }
        defer { received.clear() }
        return Array(received.readableBytesView)
    }

    /// All text until the other side closes the connection.
    public func rest() async throws -> String { String(decoding: try await restBytes(), as: UTF8.self) }

    /// Waits until the other side has closed the connection.
    public func closed() async throws { _ = try await rest() }

    /// Closes the sending side, like `shutdown(SHUT_WR)`, and still reads.
    public func endInput() async throws { try await channel.close(mode: .output) }

    /// Closes the connection with a TCP reset (SO_LINGER in socket(7)).
    public func reset() async {
        let options = channel as? any SocketOptionProvider
        try? await options?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        await close()
    }

    /// Closes the connection.
    public func close() async { try? await channel.close() }

    private func more(_ what: String) async throws {
        guard let next = try await arrived.next(what) else {
            throw ConnectionEndedError(received: String(buffer: received))
        }
        received.writeImmutableBuffer(next)
    }
}

/// The other side closed the connection, or it broke.
public struct ConnectionEndedError: Error {
    /// What was received and not taken.
    public var received: String
}

private final class Arrivals: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let mailbox: Mailbox<ByteBuffer>

    init(mailbox: Mailbox<ByteBuffer>) { self.mailbox = mailbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { mailbox.put(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) { mailbox.close() }

    // `channelInactive` follows a reset, so nothing else has to be done here.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
