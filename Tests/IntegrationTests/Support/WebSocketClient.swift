// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore

/// A follower of the feed by WebSocket (RFC 6455).
struct WebSocketClient: Sendable {
    /// Something the daemon sent, other than a ping.
    enum Message: Sendable {
        case text(JSON)
        case close(code: Int)
    }

    let connection: RawConnection

    /// Connects and shakes hands.
    init(
        _ address: SocketAddress, _ query: String = "", token: String = Launch.token, reads: Bool = true,
        receiveBuffer: Int? = nil
    ) async throws {
        connection = try await RawConnection(address, reads: reads, receiveBuffer: receiveBuffer)
        try await connection.send(
            """
            GET /ws\(query) HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Protocol: bearer.\(token)\r\n\r\n
            """)
        if reads { try await shakeHands() }
    }

    /// Reads the answer to the handshake.
    func shakeHands() async throws {
        let head = try await connection.text(upTo: "\r\n\r\n")
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw Overdue(what: "a WebSocket", reason: head) }
    }

    /// The next message; pings before it are answered.
    ///
    /// - Throws: `ConnectionEnded` where the connection ends without a close frame.
    func next() async throws -> Message {
        while true {
            let head = try await connection.bytes(2)
            let length =
                switch head[1] {
                case 126: try await connection.bytes(2).reduce(0) { $0 << 8 | Int($1) }
                case 127: try await connection.bytes(8).reduce(0) { $0 << 8 | Int($1) }
                default: Int(head[1])
                }
            let payload = try await connection.bytes(length)
            switch head[0] & 0x0F {
            case 1: return .text(try JSON(parsing: payload))
            case 8: return .close(code: payload.prefix(2).reduce(0) { $0 << 8 | Int($1) })
            case 9: try await send(opcode: 10, payload)
            default: break
            }
        }
    }

    /// The next message, which must be one of this type.
    func next(_ type: String) async throws -> JSON {
        let message = try await next()
        guard case .text(let json) = message, json["type"]?.string == type else {
            throw Overdue(what: "a \(type)", reason: "something else came", have: [message])
        }
        return json
    }

    /// The next delta of that session; deltas of others before it are passed over.
    func delta(of id: String, where matches: (JSON) -> Bool = { _ in true }) async throws -> JSON {
        while true {
            for delta in try await next("session_update")["delta"]?.array ?? []
            where delta["id"]?.string == id && matches(delta) { return delta }
        }
    }

    func send(opcode: UInt8, _ payload: [UInt8]) async throws {
        precondition(payload.count < 126, "longer frames are not needed here")
        // A mask of zeroes leaves the payload as it is.
        try await connection.send([0x80 | opcode, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload)
    }
}
