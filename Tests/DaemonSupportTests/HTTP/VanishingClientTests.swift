// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// A client whose calls return after the kernel has its bytes or its reset.
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

    /// Closes the connection with a TCP reset.
    func reset() {
        var lingering = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
    }
}

@Suite("Clients that disappear", .timeLimit(.minutes(2)))
struct VanishingClientTests {
    @Test("A message to a client that has sent a close frame and reset the connection is dropped")
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
                // Runs on the loop, so that the loop cannot read the close frame before it writes. The failing write
                // then reads it.
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
