// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Hands what has been read on in small pieces, each only when the handlers behind it ask for more.
///
/// One read can hold hundreds of small requests, and the parser turns all it is given into objects many times their size. So a client
/// that sends requests and reads no answers would fill the memory. Here its bytes wait as bytes, and no more than ``mostHeld`` of them.
final class InboundPacer: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The longest piece, in bytes: the parser makes about forty requests of it at most.
    private static let pieceLength = 1024

    /// The most bytes that wait, two reads of them.
    ///
    /// More comes only if the client ends its side: then NIO reads all that the kernel has of it, whoever is busy. What does not fit is
    /// not looked at, and what was asked before it is answered.
    static let mostHeld = 32_768

    private var held: ByteBuffer?
    /// Something did not fit; whatever comes behind it would be misread.
    private var isCut = false
    /// The client has ended its side, which is told once all it sent has been handed on.
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

    /// Hands pieces on for as long as somebody asks for more.
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
            // Goes through the handlers behind this one, which hold it back while they are busy.
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
