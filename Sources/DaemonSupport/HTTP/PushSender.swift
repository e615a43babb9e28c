// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// The sending half of a connection that the server pushes to. Nothing else may write to it. Use it on its event loop only.
///
/// While no bytes wait, bytes go directly to the socket: NIO's queue costs a third of a system call more. Bytes that the kernel does
/// not take go to NIO's queue. NIO also handles every error.
///
/// It is a class, because a failed write makes NIO read the rest of the client's input, and that calls this object
/// again during the write.
final class PushSender {
    let channel: any Channel
    private let options: (any NIOSynchronousChannelOptions)?
    /// The channel's socket, for as long as the channel is active.
    private let socket: CInt?
    /// Whether NIO's queue may hold bytes, which must go first. It may already hold the head of the answer.
    private var mayHaveUnsent = true
    private var handedOver = 0
    private var takenBefore = 0

    /// Takes over `channel`, and limits what the kernel buffers for it to `sendBuffer` bytes.
    init(_ channel: any Channel, sendBuffer: CInt) {
        self.channel = channel
        options = channel.syncOptions
        socket = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { $0 }
        // If the kernel refuses the limit, a slow reader is only noticed later.
        if let socket {
            _ = withUnsafePointer(to: sendBuffer) {
                setsockopt(socket, SOL_SOCKET, SO_SNDBUF, $0, socklen_t(MemoryLayout<CInt>.size))
            }
        }
    }

    /// The number of bytes that the kernel has not taken yet.
    var unsentBytes: Int {
        guard mayHaveUnsent else { return 0 }
        let unsent = (try? options?.getOption(.bufferedWritableBytes)) ?? 0
        mayHaveUnsent = unsent > 0
        return unsent
    }

    /// Sends bytes that are framed already.
    func send(_ bytes: ByteBuffer) {
        handedOver += bytes.readableBytes
        let taken = unsentBytes == 0 ? write(bytes) : 0
        guard taken < bytes.readableBytes else { return }
        var rest = bytes
        rest.moveReaderIndex(forwardBy: taken)
        mayHaveUnsent = true
        channel.writeAndFlush(rest, promise: nil)
    }

    /// Sends several pieces. The future succeeds when the kernel has taken the last one.
    func send(contentsOf pieces: some Sequence<ByteBuffer>) -> EventLoopFuture<Void> {
        for piece in pieces { send(piece) }
        guard unsentBytes == 0, channel.isActive else { return channel.writeAndFlush(ByteBuffer()) }
        return channel.eventLoop.makeSucceededVoidFuture()
    }

    /// Whether bytes wait and the kernel has taken none since the last call.
    func isStalled() -> Bool {
        let unsent = unsentBytes
        let taken = handedOver - unsent
        defer { takenBefore = taken }
        return unsent > 0 && taken == takenBefore
    }

    /// The number of bytes that the kernel takes at once, 0 on an error.
    private func write(_ bytes: ByteBuffer) -> Int {
        // A channel that is not active has closed its socket. The number may belong to another one.
        guard channel.isActive, let socket else { return 0 }
        return bytes.withUnsafeReadableBytes {
            max(0, Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL)))
        }
    }
}
