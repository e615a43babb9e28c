// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1

extension APIReply {
    /// Sends the response in the way that `delivery` says, and closes the connection.
    func deliver(over channel: any Channel) {
        switch delivery {
        case .whole: send(body, over: channel)
        case .truncated(let bytes): send(body.prefix(bytes), over: channel)
        case .reset:
            // Closing with a linger time of zero sends a TCP reset (socket(7)).
            let set = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            (set ?? channel.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in channel.close(promise: nil) }
        case .drip(let bytes, let interval):
            channel.writeAndFlush(ByteBuffer(string: head), promise: nil)
            drip(body[...], bytes, TimeAmount(interval), over: channel)
        }
    }

    private func send(_ bytes: some Collection<UInt8> & Sendable, over channel: any Channel) {
        var buffer = ByteBuffer(string: head)
        buffer.writeBytes(bytes)
        channel.writeAndFlush(buffer).whenComplete { _ in channel.close(promise: nil) }
    }

    private func drip(_ rest: ArraySlice<UInt8>, _ size: Int, _ interval: TimeAmount, over channel: any Channel) {
        guard !rest.isEmpty, channel.isActive else { return channel.close(promise: nil) }
        channel.eventLoop.scheduleTask(in: interval) {
            channel.writeAndFlush(ByteBuffer(bytes: rest.prefix(size)))
                .whenComplete { _ in drip(rest.dropFirst(size), size, interval, over: channel) }
        }
    }

    private var head: String {
        let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
        let fields = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return "HTTP/1.1 \(status) \(reason)\r\n\(fields)content-length: \(body.count)\r\nconnection: close\r\n\r\n"
    }
}
