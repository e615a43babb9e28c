// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOWebSocket

/// Joins a client's frames to messages, and makes the checks that the frame decoder does not make (RFC 6455 §5).
struct WebSocketInbox {
    /// What a frame completes.
    enum Event: Equatable {
        /// A complete message.
        case text(String)
        /// A ping with the payload that the pong must repeat.
        case ping(ByteBuffer)
        case pong
        /// The client closes; with its code if it sent one.
        case close(UInt16?)
        /// The client broke the protocol or exceeded a limit.
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

    /// Takes a frame. Returns `nil` if the message needs more frames.
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
    /// The text is not UTF-8.
    static let noUTF8 = PushClose(code: 1007, reason: "not UTF-8")
    /// The message is larger than the limit.
    static let tooBig = PushClose(code: 1009, reason: "message too big")
    /// The message has more frames than the limit.
    static let tooManyFragments = PushClose(code: 1008, reason: "too many fragments")
}
