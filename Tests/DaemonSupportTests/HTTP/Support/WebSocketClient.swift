// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A WebSocket client that does just what it is told, by the book or not.
struct WebSocketClient {
    /// A frame as the server sent it.
    struct Frame: Equatable, Sendable {
        var opcode: UInt8
        var payload: [UInt8]

        var text: String { String(decoding: payload, as: UTF8.self) }
        var closeCode: UInt16? { payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil }
        var closeReason: String { String(decoding: payload.dropFirst(2), as: UTF8.self) }
    }

    static let handshake = """
        GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n
        """

    let raw: RawClient
    /// The answer to the handshake, up to the empty line.
    let head: String

    /// Connects and shakes hands. `target` replaces `/ws`, `connection` that field's value; `fields` are further header
    /// lines, each ended by `\r\n`.
    init(
        _ address: SocketAddress, target: String = "/ws", fields: String = "",
        connection: String = "keep-alive, Upgrade", reads: Bool = true, receiveBuffer: Int? = nil,
        with early: [UInt8] = []
    ) async throws {
        raw = try await RawClient(address, reads: reads, receiveBuffer: receiveBuffer)
        let request = Self.handshake.replacing("/ws", with: target, maxReplacements: 1)
            .replacing("keep-alive, Upgrade", with: connection)
        try await raw.send(Array((request + fields + "\r\n").utf8) + early)
        head = reads ? try await raw.text(upTo: "\r\n\r\n") : ""
    }

    /// Sends a masked frame.
    func send(opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true) async throws {
        try await raw.send(Self.frame(opcode: opcode, payload, isFinal: isFinal))
    }

    /// Sends a text message.
    func send(_ text: String) async throws {
        try await send(opcode: 1, Array(text.utf8))
    }

    /// Sends a close frame.
    func close(_ code: UInt16) async throws {
        try await send(opcode: 8, [UInt8(code >> 8), UInt8(code & 255)])
    }

    /// The next frame, whatever it is.
    func frame() async throws -> Frame {
        let head = try await raw.bytes(2)
        let length: Int
        switch head[1] {
        case 126: length = try await raw.bytes(2).reduce(0) { $0 << 8 | Int($1) }
        case 127: length = try await raw.bytes(8).reduce(0) { $0 << 8 | Int($1) }
        default: length = Int(head[1])
        }
        return Frame(opcode: head[0] & 0x0F, payload: try await raw.bytes(length))
    }

    /// The next text message; pings before it are answered.
    func text() async throws -> String {
        while true {
            let frame = try await frame()
            switch frame.opcode {
            case 1: return frame.text
            case 9: try await send(opcode: 10, frame.payload)
            default: throw Unexpected(frame: frame)
            }
        }
    }

    struct Unexpected: Error {
        var frame: Frame
    }

    /// The bytes of a masked frame.
    static func frame(opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
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
