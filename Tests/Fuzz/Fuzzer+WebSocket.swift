// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOWebSocket

@testable import DaemonSupport

extension Fuzzer {
    /// Input from a WebSocket client. The messages must be the same however the input is split, and the answers must be
    /// well-formed.
    static let webSocket = Fuzzer("websocket") { bytes in
        let whole = Dialogue([bytes])
        let middle = bytes.count / 2
        let halves = Dialogue([Array(bytes[..<middle]), Array(bytes[middle...])])
        promise(whole.texts == halves.texts, "messages do not depend on packets")
        promise(whole.closes == halves.closes, "the close does not depend on packets")
        promise(
            whole.texts.allSatisfy { $0.utf8.count <= HTTPLimits().maximumWebSocketMessage }, "messages are limited")
        promise(
            whole.texts.reduce(0) { $0 + $1.utf8.count } <= bytes.count, "messages are no longer than what was sent")
        promise(whole.sent <= bytes.count + 2 + 125, "answers are bounded")
        promise(whole.closes.count <= 1, "there is one close at most")
    }
}

/// The server's answers to a client that sends its bytes in these packets.
private struct Dialogue {
    var texts: [String] = []
    /// The payloads of the close frames that were sent.
    var closes: [[UInt8]] = []
    /// The number of bytes sent.
    var sent = 0

    init(_ packets: [[UInt8]]) {
        let channel = EmbeddedChannel()
        let connection = WebSocketConnection(channel, limits: HTTPLimits())
        let heard = NIOLoopBoundBox([String](), eventLoop: channel.embeddedEventLoop)
        connection.onText = { heard.value.append($0) }
        do {
            let frames = WebSocketFrameDecoder(maxFrameSize: HTTPLimits().maximumWebSocketMessage)
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(frames))
            try channel.pipeline.syncOperations.addHandler(connection)
            channel.embeddedEventLoop.run()
            // An embedded channel starts unconnected, and only a connected one can be closed.
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "client")).wait()
        } catch { fatalError("no channel: \(error)") }
        for packet in packets where channel.isActive {
            _ = try? channel.writeInbound(ByteBuffer(bytes: packet))
        }
        while let answer = (try? channel.readOutbound(as: ByteBuffer.self)) ?? nil {
            sent += answer.readableBytes
            take(answer)
        }
        texts = heard.value
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    /// Checks a frame from the server: short, final, unmasked, a pong or a close, and nothing after a close.
    private mutating func take(_ frame: ByteBuffer) {
        var frame = frame
        guard let head = frame.readInteger(as: UInt8.self), let length = frame.readInteger(as: UInt8.self) else {
            fatalError("broken: an answer is a frame")
        }
        promise(head == 0x8A || head == 0x88, "an answer is a pong or a close")
        promise(length <= 125 && frame.readableBytes == Int(length), "an answer is as long as it says")
        promise(closes.isEmpty, "nothing comes behind a close")
        if head == 0x88 { closes.append(Array(frame.readableBytesView)) }
    }
}
