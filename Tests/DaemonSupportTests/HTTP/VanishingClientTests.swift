// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// A client whose bytes and whose reset are with the kernel as soon as its calls return.
private final class BlockingClient: Sendable {
    private let descriptor: CInt

    init(_ address: SocketAddress) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let status = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        try #require(status == 0)
    }

    func send(_ bytes: [UInt8]) {
        #expect(Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Ends the connection with a reset.
    func reset() {
        var lingering = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
    }
}

@Suite("clients that vanish", .timeLimit(.minutes(2)))
struct VanishingClientTests {
    @Test("a message for a client that has said goodbye and reset the connection is dropped")
    func farewell() async throws {
        let (opened, isOpen) = AsyncStream.makeStream(of: (any PushConnection).self)
        try await withServer(respond: { _ in
            HTTPResponse(
                status: .switchingProtocols,
                body: .webSocket(subprotocol: nil) { connection in isOpen.yield(connection) })
        }) { _, address in
            let client = try BlockingClient(address)
            client.send(Array((WebSocketClient.handshake + "\r\n").utf8))
            for await connection in opened {
                // On the loop, so that it cannot read the farewell before it writes: the write that fails reads it then.
                connection.eventLoop.execute {
                    client.send(WebSocketClient.frame(opcode: 8, [0x03, 0xE8]))
                    client.reset()
                    for _ in 0..<3 { connection.push(message("late")) }
                }
                try await connection.closed.get()
                break
            }
        }
    }
}
