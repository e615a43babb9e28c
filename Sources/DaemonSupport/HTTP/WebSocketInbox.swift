// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOWebSocket

/// Puts a client's frames together to messages, and checks what the frame decoder leaves open (RFC 6455 §5).
struct WebSocketInbox {
    /// What a frame amounts to.
    enum Event: Equatable {
        /// A whole message.
        case text(String)
        /// A ping, with what its pong must repeat.
        case ping(ByteBuffer)
        case pong
        /// The client closes, with its code if it gave one.
        case close(UInt16?)
        /// The client broke the protocol or a limit.
        case fault(PushClose)
    }

    let maximumMessage: Int
    let maximumFragments: Int
    private var fragments: ByteBuffer?
    private var fragmentCount = 0

    /// An inbox for messages of up to `maximumMessage` bytes in up to `maximumFragments` frames.
    init(maximumMessage: Int, maximumFragments: Int) {
        self.maximumMessage = maximumMessage
        self.maximumFragments = maximumFragments
    }

    /// Takes a frame; `nil` where more of its message is to come.
    mutating func receive(_ frame: WebSocketFrame) -> Event? {
        guard frame.maskKey != nil else { return .fault(.violation("unmasked frame")) }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return .fault(.violation("reserved bit")) }
        var data = frame.unmaskedData
        switch frame.opcode {
        case .ping: return .ping(data)
        case .pong: return .pong
        case .connectionClose: return close(&data)
        case .binary: return .fault(PushClose(code: 1003, reason: "text only"))
        case .text:
            guard fragments == nil else { return .fault(.violation("message within a message")) }
            fragments = data
            fragmentCount = 1
        case .continuation:
            guard fragments != nil else { return .fault(.violation("nothing to continue")) }
            fragments?.writeBuffer(&data)
            fragmentCount += 1
            guard fragmentCount <= maximumFragments else { return .fault(.tooManyFragments) }
        default: return .fault(.violation("unknown opcode"))
        }
        guard let message = fragments, message.readableBytes <= maximumMessage else { return .fault(.tooBig) }
        guard frame.fin else { return nil }
        fragments = nil
        guard let text = String(validating: message.readableBytesView, as: UTF8.self) else { return .fault(.noUTF8) }
        return .text(text)
    }

    private func close(_ data: inout ByteBuffer) -> Event {
        guard data.readableBytes > 0 else { return .close(nil) }
        guard let code = data.readInteger(as: UInt16.self) else { return .fault(.violation("close code")) }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: return .fault(.violation("close code"))
        }
        guard String(validating: data.readableBytesView, as: UTF8.self) != nil else { return .fault(.noUTF8) }
        return .close(code)
    }
}

extension PushClose {
    /// The client broke the protocol (RFC 6455 §7.4.1).
    static func violation(_ reason: String) -> PushClose { PushClose(code: 1002, reason: reason) }
    /// A text is not UTF-8.
    static let noUTF8 = PushClose(code: 1007, reason: "not UTF-8")
    /// A message is larger than we take.
    static let tooBig = PushClose(code: 1009, reason: "message too big")
    /// A message comes in more frames than we take.
    static let tooManyFragments = PushClose(code: 1008, reason: "too many fragments")
}
