// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// A WebSocket client that can also break the protocol.
public struct WebSocketClient: Sendable {
    /// A frame from the server.
    public struct Frame: Equatable, Sendable {
        /// The opcode (RFC 6455 §5.2).
        public var opcode: UInt8
        /// The payload.
        public var payload: [UInt8]

        /// A frame with this opcode and payload.
        public init(opcode: UInt8, payload: [UInt8]) {
            self.opcode = opcode
            self.payload = payload
        }

        /// The payload as text.
        public var text: String { String(decoding: payload, as: UTF8.self) }
        /// The code of a close frame; `nil` if it has none.
        public var closeCode: UInt16? { payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil }
        /// The reason of a close frame.
        public var closeReason: String { String(decoding: payload.dropFirst(2), as: UTF8.self) }
    }

    /// The request of the handshake, without the empty line at its end.
    public static let handshake = """
        GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n
        """

    /// The connection under the WebSocket.
    public let raw: RawConnection
    /// The answer to the handshake, up to the empty line.
    public let head: String

    /// Connects and makes the handshake. `target` replaces `/ws`, and `connection` the value of that field. `fields`
    /// are further header lines, each with `\r\n` at its end.
    public init(
        _ address: SocketAddress, target: String = "/ws", fields: String = "",
        connection: String = "keep-alive, Upgrade", reads: Bool = true, receiveBuffer: Int? = nil,
        with early: [UInt8] = []
    ) async throws {
        raw = try await RawConnection(address, reads: reads, receiveBuffer: receiveBuffer)
        let request = Self.handshake.replacing("/ws", with: target, maxReplacements: 1)
            .replacing("keep-alive, Upgrade", with: connection)
        try await raw.send(Array((request + fields + "\r\n").utf8) + early)
        head = reads ? try await raw.text(upTo: "\r\n\r\n") : ""
    }

    /// Sends a masked frame.
    public func send(opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true) async throws {
        try await raw.send(Self.frame(opcode: opcode, payload, isFinal: isFinal))
    }

    /// Sends a text message.
    public func send(_ text: String) async throws {
        try await send(opcode: 1, Array(text.utf8))
    }

    /// Sends a close frame.
    public func close(_ code: UInt16) async throws {
        try await send(opcode: 8, [UInt8(code >> 8), UInt8(code & 255)])
    }

    /// The next frame of any kind.
    public func frame() async throws -> Frame {
        let head = try await raw.bytes(2)
        let length: Int
        switch head[1] {
        case 126: length = try await raw.bytes(2).reduce(0) { $0 << 8 | Int($1) }
        case 127: length = try await raw.bytes(8).reduce(0) { $0 << 8 | Int($1) }
        default: length = Int(head[1])
        }
        return Frame(opcode: head[0] & 0x0F, payload: try await raw.bytes(length))
    }

    /// The next text message. Pings before it are answered.
    public func text() async throws -> String {
        while true {
            let frame = try await frame()
            switch frame.opcode {
            case 1: return frame.text
            case 9: try await send(opcode: 10, frame.payload)
            default: throw UnexpectedFrameError(frame: frame)
            }
        }
    }

    /// An unexpected frame was received.
    public struct UnexpectedFrameError: Error {
        /// The frame.
        public var frame: Frame
    }

    /// The bytes of a masked frame.
    public static func frame(opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        var bytes = [(isFinal ? 0x80 : 0) | opcode]
        switch payload.count {
        case ...125: bytes.append(0x80 | UInt8(payload.count))
        case ...65_535: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: bytes += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        bytes += mask
        bytes += payload.enumerated().map { $1 ^ mask[$0 % 4] }
        return bytes
    }
}
