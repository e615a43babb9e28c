// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// The sending half of a connection that is pushed to. To be used on its event loop only.
///
/// An object, because a write that fails reads what the client still had to say, and that comes back here from within.
final class PushSender {
    let channel: any Channel
    private let options: (any NIOSynchronousChannelOptions)?
    private var handedOver = 0
    private var takenBefore = 0

    /// Takes over `channel`, and bounds what the kernel buffers for it to `sendBuffer` bytes.
    init(_ channel: any Channel, sendBuffer: CInt) {
        self.channel = channel
        options = channel.syncOptions
        // A bound that cannot be had changes nothing but how early a slow reader is noticed.
        _ = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor in
            withUnsafePointer(to: sendBuffer) {
                setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, $0, socklen_t(MemoryLayout<CInt>.size))
            }
        }
    }

    /// Bytes handed over that the kernel has not taken yet.
    var unsentBytes: Int {
        (try? options?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Sends bytes that are framed already.
    func send(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        handedOver += bytes.readableBytes
        channel.writeAndFlush(bytes, promise: promise)
    }

    /// Sends several pieces in one go; the future is that of the last.
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

    /// Whether something waits and the kernel has taken nothing since this was last asked.
    func isStalled() -> Bool {
        let unsent = unsentBytes
        let taken = handedOver - unsent
        defer { takenBefore = taken }
        return unsent > 0 && taken == takenBefore
    }
}
