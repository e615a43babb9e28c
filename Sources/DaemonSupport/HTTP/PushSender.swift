// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// The sending half of a connection that the server pushes to. Use it on its event loop only.
///
/// It is a class, because a failed write makes NIO read the rest of the client's input, and that calls this object
/// again during the write.
final class PushSender {
    let channel: any Channel
    private let options: (any NIOSynchronousChannelOptions)?
    private var handedOver = 0
    private var takenBefore = 0

    /// Takes over `channel`, and limits what the kernel buffers for it to `sendBuffer` bytes.
    init(_ channel: any Channel, sendBuffer: CInt) {
        self.channel = channel
        options = channel.syncOptions
        // If the kernel refuses the limit, a slow reader is only noticed later.
        _ = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor in
            withUnsafePointer(to: sendBuffer) {
                setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, $0, socklen_t(MemoryLayout<CInt>.size))
            }
        }
    }

    /// The number of bytes that the kernel has not taken yet.
    var unsentBytes: Int {
        (try? options?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Sends bytes that are framed already.
    func send(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        handedOver += bytes.readableBytes
        channel.writeAndFlush(bytes, promise: promise)
    }

    /// Sends several pieces together. The future is that of the last one.
    func send(contentsOf pieces: [ByteBuffer]) -> EventLoopFuture<Void> {
        guard let last = pieces.last else { return channel.eventLoop.makeSucceededVoidFuture() }
        for piece in pieces.dropLast() {
            handedOver += piece.readableBytes
            channel.write(piece, promise: nil)
        }
        let promise = channel.eventLoop.makePromise(of: Void.self)
        send(last, promise: promise)
        return promise.futureResult
    }

    /// Whether bytes wait and the kernel has taken none since the last call.
    func isStalled() -> Bool {
        let unsent = unsentBytes
        let taken = handedOver - unsent
        defer { takenBefore = taken }
        return unsent > 0 && taken == takenBefore
    }
}
