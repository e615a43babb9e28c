// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Server-to-client WebSocket frames (RFC 6455 §5.2).
enum WebSocketWire {
    /// The opcodes that the server sends.
    enum Opcode: UInt8 {
        case text = 0x1
        case close = 0x8
        case ping = 0x9
        case pong = 0xA
    }

    /// A complete unmasked frame.
    static func frame(_ opcode: Opcode, _ payload: some Collection<UInt8>) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(payload.count + 10)
        buffer.writeInteger(0x80 | opcode.rawValue)
        switch payload.count {
        case ...125: buffer.writeInteger(UInt8(payload.count))
        case ...65_535:
            buffer.writeInteger(126 as UInt8)
            buffer.writeInteger(UInt16(payload.count))
        default:
            buffer.writeInteger(127 as UInt8)
            buffer.writeInteger(UInt64(payload.count))
        }
        buffer.writeBytes(payload)
        return buffer
    }

    /// The payload of a frame that ``frame(_:_:)`` made.
    static func payload(of frame: ByteBuffer) -> ByteBufferView {
        let bytes = frame.readableBytesView
        let header =
            switch bytes[bytes.startIndex + 1] {
            case 126: 4
            case 127: 10
            default: 2
            }
        return bytes.dropFirst(header)
    }

    /// A close frame. The reason is cut to 123 bytes, the room in a control frame.
    static func close(_ close: PushClose?) -> ByteBuffer {
        guard let close else { return frame(.close, []) }
        return frame(.close, [UInt8(close.code >> 8), UInt8(close.code & 255)] + close.reason.utf8.prefix(123))
    }
}

/// Server-Sent Events (WHATWG HTML §9.2).
enum EventStreamWire {
    /// A comment, which clients ignore.
    static let comment = ByteBuffer(staticString: ":\n\n")

    /// A complete event. A line end in `data` starts another `data:` line, because it would end the field.
    static func event(name: String, id: Int64?, data: ByteBufferView) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(data.count + name.utf8.count + 48)
        buffer.writeString("event: \(name)\n")
        if let id { buffer.writeString("id: \(id)\n") }
        let isOneLine = data.firstIndex(of: 0x0A) == nil && data.firstIndex(of: 0x0D) == nil
        let lines = isOneLine ? [data] : data.split(omittingEmptySubsequences: false) { $0 == 0x0A || $0 == 0x0D }
        for line in lines {
            buffer.writeStaticString("data: ")
            buffer.writeBytes(line)
            buffer.writeStaticString("\n")
        }
        buffer.writeStaticString("\n")
        return buffer
    }
}
