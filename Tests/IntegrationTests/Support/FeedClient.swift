// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import TestSupport

/// A client that follows the feed over WebSocket (RFC 6455).
struct FeedClient: Sendable {
    /// Something the daemon sent, except pings.
    enum Message: Sendable {
        case text(JSON)
        case close(code: Int)
    }

    private let socket: WebSocketClient
    var connection: RawConnection { socket.raw }

    /// Connects and makes the handshake.
    init(
        _ address: SocketAddress, _ query: String = "", token: String = Launch.token, reads: Bool = true,
        receiveBuffer: Int? = nil
    ) async throws {
        socket = try await WebSocketClient(
            address, target: "/ws\(query)", fields: "Sec-WebSocket-Protocol: bearer.\(token)\r\n", reads: reads,
            receiveBuffer: receiveBuffer)
        if reads { try check(socket.head) }
    }

    /// Reads the answer to the handshake.
    func shakeHands() async throws { try check(try await connection.text(upTo: "\r\n\r\n")) }

    private func check(_ head: String) throws {
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw OverdueError(what: "a WebSocket", reason: head) }
    }

    /// The next message. Pings before it are answered.
    ///
    /// - Throws: `ConnectionEndedError` if the connection ends without a close frame.
    func next() async throws -> Message {
        while true {
            let frame = try await socket.frame()
            switch frame.opcode {
            case 1: return .text(try JSON(parsing: frame.payload))
            case 8:
                // The daemon waits for a close frame in return (RFC 6455 §5.5.1). It may have gone already.
                try? await socket.send(opcode: 8, Array(frame.payload.prefix(2)))
                return .close(code: Int(frame.closeCode ?? 0))
            case 9: try await socket.send(opcode: 10, frame.payload)
            default: break
            }
        }
    }

    /// The next message, which must have this type.
    func next(_ type: String) async throws -> JSON {
        let message = try await next()
        guard case .text(let json) = message, json["type"]?.string == type else {
            throw OverdueError(what: "a \(type)", reason: "something else came", have: [message])
        }
        return json
    }

    /// The next delta of this session. Deltas of other sessions before it are skipped.
    func delta(of id: String, where matches: (JSON) -> Bool = { _ in true }) async throws -> JSON {
        while true {
            for delta in try await next("session_update")["delta"]?.array ?? []
            where delta["id"]?.string == id && matches(delta) { return delta }
        }
    }
}
