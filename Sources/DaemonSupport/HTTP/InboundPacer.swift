// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Passes input on in small pieces, each only when the next handlers ask for more.
///
/// One read can hold hundreds of small requests, and the parser makes of all its input objects that are many times
/// larger. A client that sends requests and reads no answers could fill the memory that way. Here its input waits as
/// bytes, up to ``mostHeld``.
final class InboundPacer: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The longest piece in bytes. The parser makes about forty requests of it at most.
    private static let pieceLength = 1024

    /// The largest number of waiting bytes: two reads of a body.
    ///
    /// More comes only if the client closes its sending side: NIO then reads all that the kernel has, whether handlers
    /// are busy or not. The excess is dropped; the requests before it are answered.
    static let mostHeld = 32_768

    private var held: ByteBuffer?
    /// Some input was dropped, so later input cannot be understood.
    private var isCut = false
    /// The client has closed its sending side. The next handlers learn of it after all input has been passed on.
    private var inputHasEnded = false
    private var isHandingOn = false
    private var wantsMore = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isCut, (held?.readableBytes ?? 0) + bytes.readableBytes <= Self.mostHeld else {
            isCut = true
            return
        }
        if held == nil { held = bytes } else { held?.writeBuffer(&bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard held != nil else { return context.fireChannelReadComplete() }
        handOn(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed, held != nil else {
            return context.fireUserInboundEventTriggered(event)
        }
        inputHasEnded = true
    }

    func read(context: ChannelHandlerContext) {
        if isHandingOn {
            wantsMore = true
        } else if held == nil {
            context.read()
        } else {
            handOn(context)
        }
    }

    /// Passes on pieces as long as the next handlers ask for more.
    private func handOn(_ context: ChannelHandlerContext) {
        isHandingOn = true
        repeat {
            wantsMore = false
            guard var rest = held, let piece = rest.readSlice(length: min(rest.readableBytes, Self.pieceLength)) else {
                break
            }
            held = rest.readableBytes == 0 ? nil : rest
            context.fireChannelRead(wrapInboundOut(piece))
            context.fireChannelReadComplete()
            // This read goes through the next handlers, which postpone it while they are busy.
            context.channel.read()
        } while wantsMore && held != nil && context.channel.isActive
        isHandingOn = false
        guard held == nil else { return }
        if inputHasEnded {
            inputHasEnded = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else if wantsMore {
            context.read()
        }
    }
}
