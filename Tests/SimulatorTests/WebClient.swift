// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import NIOPosix

/// A client that shows the bytes of a connection.
struct WebClient {
    /// Everything received on a connection.
    struct Received {
        var status: Int
        var head: String
        var body: String
        /// Whether the connection ended with an error instead of an orderly close.
        var wasReset: Bool

        var json: JSON { (try? JSON(parsing: body)) ?? .null }
    }

    let port: Int

    /// A client for a URL such as `http://127.0.0.1:8089/v1alpha`.
    init(_ url: String) {
        port = Int(url.split(separator: ":")[2].prefix { $0.isNumber }) ?? 0
    }

    func send(_ method: String, _ target: String, _ body: String = "", key: String? = "k") async throws -> Received {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let keyField = key.map { "X-Goog-Api-Key: \($0)\r\n" } ?? ""
        let request = """
            \(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(keyField)Content-Length: \(body.utf8.count)\r\n\
            Content-Type: application/json\r\nConnection: close\r\n\r\n\(body)
            """
        return try await channel.executeThenClose { inbound, outbound in
            var bytes = ByteBuffer()
            var wasReset = false
            do {
                try await outbound.write(ByteBuffer(string: request))
                for try await part in inbound { bytes.writeImmutableBuffer(part) }
            } catch {
                wasReset = true
            }
            let text = String(buffer: bytes)
            let end = text.firstRange(of: "\r\n\r\n")
            let head = end.map { String(text[..<$0.lowerBound]) } ?? text
            return Received(
                status: Int(head.dropFirst(9).prefix(3)) ?? 0, head: head,
                body: end.map { String(text[$0.upperBound...]) } ?? "", wasReset: wasReset)
        }
    }
}
