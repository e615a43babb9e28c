// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@Suite("Broadcast over connections", .timeLimit(.minutes(2)))
struct BroadcastServerTests {
    @Test("A client that does not read is cut, and WebSocket and event stream clients still get every message")
    func slowClient() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let log = TestLog()
        let hub = BroadcastHub(group: group, head: 0, limit: 100_000)
        try await withServer(respond: { request in
            let after = request.query["since"].flatMap { Int64($0) }
            let open: @Sendable (any PushConnection) -> Void = { connection in
                hub.subscribe(connection, after: after, hello: { message("hello \($0)") }) { cursor in
                    log.page(after: cursor, limit: 100)
                }
            }
            return request.path == "/ws"
                ? HTTPResponse(status: .switchingProtocols, body: .webSocket(subprotocol: nil, open: open))
                : HTTPResponse(status: .ok, body: .eventStream(open: open))
        }) { server, address in
            let slow = try await WebSocketClient(address, reads: false, receiveBuffer: 4096)
            let fast = try await WebSocketClient(address, target: "/ws?since=0")
            let stream = try await RawConnection(address)
            try await stream.send("GET /events?since=0 HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try await stream.text(upTo: "data: hello 0\n\n")
            #expect(try await fast.text() == "hello 0")
            while hub.subscriberCount < 3 { await Task.yield() }

            let padding = message(String(repeating: "x", count: 50_000))
            while hub.overrunCount == 0 {
                let positions = (hub.head + 1)...(hub.head + 1)
                _ = log.append()
                hub.publish(BroadcastMessage(positions: positions, message: padding))
                #expect(try await fast.text() == padding.text)
                #expect(try await stream.text(upTo: "\n\n").hasPrefix("event: message\ndata: xxx"))
            }
            hub.publish(log.append())
            let last = "\(log.head)...\(log.head)"
            #expect(try await fast.text() == last)
            #expect(try await stream.text(upTo: "\n\n") == "event: message\ndata: \(last)\n\n")
            try await slow.raw.read()
            try await slow.raw.closed()
            #expect(hub.subscriberCount == 2)
        }
    }
}
