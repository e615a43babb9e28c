// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A server on a loopback port that answers each request as the test says, and can misbehave.
final class LoopbackServer: Sendable {
    /// A request as received.
    struct Request: Sendable {
        /// The number of its connection, counted from 1.
        var connection: Int
        var head: String
        var body: [UInt8]
        /// The method and the path.
        var line: String { head.split(separator: " ").prefix(2).joined(separator: " ") }
        func has(_ header: String) -> Bool { head.lowercased().contains("\r\n" + header.lowercased()) }
    }

    enum Reaction: Sendable {
        case answer(String)
        case bytes([UInt8])
        case answerAndClose(String)
        /// Sends parts one after the other until the client closes.
        case endless(head: String, part: String, every: TimeAmount)
        case close
        case reset
        case silence
    }

    private let channel: any Channel
    private let log: Log
    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var requests: [Request] { log.requests.withLock { $0 } }
    /// The requests as they arrive. `closures` has the number of each connection that closes.
    var arrivals: AsyncStream<Request> { log.arrivals.stream }
    var closures: AsyncStream<Int> { log.closures.stream }

    init(_ react: @escaping @Sendable (Request) -> Reaction) async throws {
        let log = Log()
        self.log = log
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(log, react))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    final class Log: Sendable {
        let connections = Mutex(0)
        let requests = Mutex<[Request]>([])
        let arrivals = AsyncStream.makeStream(of: Request.self)
        let closures = AsyncStream.makeStream(of: Int.self)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let log: Log
        private let react: @Sendable (Request) -> Reaction
        private let connection: Int
        private var received = ByteBuffer()

        init(_ log: Log, _ react: @escaping @Sendable (Request) -> Reaction) {
            self.log = log
            self.react = react
            connection = log.connections.withLock { count in
                count += 1
                return count
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            while let request = next() {
                log.requests.withLock { $0.append(request) }
                log.arrivals.continuation.yield(request)
                carryOut(react(request), context.channel)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            log.closures.continuation.yield(connection)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func next() -> Request? {
            let bytes = Array(received.readableBytesView)
            guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: "\r\n\r\n".utf8) }) else {
                return nil
            }
            let head = String(decoding: bytes[..<end], as: UTF8.self)
            let length =
                head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
            guard bytes.count >= end + 4 + length else { return nil }
            received.moveReaderIndex(forwardBy: end + 4 + length)
            return Request(connection: connection, head: head, body: Array(bytes[(end + 4)..<(end + 4 + length)]))
        }

        private func carryOut(_ reaction: Reaction, _ channel: any Channel) {
            switch reaction {
            case .answer(let text): channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            case .bytes(let bytes): channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            case .answerAndClose(let text):
                channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
            case .endless(let head, let part, let pause):
                channel.writeAndFlush(ByteBuffer(string: head), promise: nil)
                channel.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { task in
                    if channel.isActive {
                        channel.writeAndFlush(ByteBuffer(string: part), promise: nil)
                    } else {
                        task.cancel()
                    }
                }
            case .close: channel.close(promise: nil)
            case .reset:
                // A linger time of zero turns the close into a TCP reset (socket(7), SO_LINGER).
                (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                    .whenComplete { _ in channel.close(promise: nil) }
            case .silence: break
            }
        }
    }
}

/// A complete response with its length.
func answer(_ body: String = "", status: String = "200 OK", headers: String...) -> String {
    let fields = (headers + ["Content-Length: \(body.utf8.count)"]).joined(separator: "\r\n")
    return "HTTP/1.1 \(status)\r\n\(fields)\r\n\r\n\(body)"
}
