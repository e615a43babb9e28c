// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import DaemonSupport

@Suite("Input that waits for its turn")
struct InboundPacerTests {
    @Test("Of what a client sent before it closed its side, only the first 32 KiB are kept while answers wait")
    func limit() throws {
        let reader = PacedReader()
        let channel = EmbeddedChannel(handlers: [InboundPacer(), reader])
        channel.connect(to: try SocketAddress(unixDomainSocketPath: "/"), promise: nil)
        for _ in 0..<4 { try channel.writeInbound(ByteBuffer(repeating: 0x20, count: 16_384)) }
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(reader.count < 16_384)
        #expect(!reader.hasEnded)

        reader.isBusy = false
        channel.read()
        #expect(reader.count == 32_768)
        #expect(reader.hasEnded)
    }
}

/// Counts the bytes that it gets, and asks for none while it is busy.
private final class PacedReader: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    var isBusy = true
    private(set) var count = 0
    private(set) var hasEnded = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { count += unwrapInboundIn(data).readableBytes }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { hasEnded = true }
    }

    func read(context: ChannelHandlerContext) { if !isBusy { context.read() } }
}
