// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Testing

@testable import DaemonSupport

@Suite("HealthProbe", .timeLimit(.minutes(2)))
struct HealthProbeTests {
    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        let text: String

        init(_ text: String) { self.text = text }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            context.close(promise: nil)
        }
    }

    /// It blocks, so it runs on a thread that may block.
    private func status(_ target: HealthProbe.Target) async throws -> Result<Int, HealthProbeError> {
        try await NIOThreadPool.singleton.runIfActive {
            do throws(HealthProbeError) {
                return .success(try HealthProbe(target: target).status(of: "/healthz"))
            } catch {
                return .failure(error)
            }
        }
    }

    private func serve(_ text: String) -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answer(text)) }
        }
    }

    @Test("The status is read over TCP, even from a wildcard", arguments: ["127.0.0.1", "0.0.0.0", "::1", "::"])
    func tcp(host: String) async throws {
        let server = try await serve("HTTP/1.1 503 Service Unavailable\r\n\r\n").bind(host: host, port: 0).get()
        let port = UInt16(try #require(server.localAddress?.port))
        #expect(try await status(.tcp(host: #require(IPAddress(host)), port: port)) == .success(503))
        try await server.close()
        // Port 1 (tcpmux) is used by nobody. A port that was closed a moment ago may belong to another test now.
        #expect(
            try await status(.tcp(host: #require(IPAddress(host)), port: 1))
                == .failure(.init(reason: "connect: Connection refused")))
    }

    @Test("The status is read over a Unix socket, and an answer that is not HTTP is an error")
    func unix() async throws {
        let path = "/tmp/health-probe-\(randomToken().prefix(12)).sock"
        let server = try await serve("HTTP/1.1 200 OK\r\n\r\n")
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        #expect(try await status(.unix(path: path)) == .success(200))
        try await server.close()
        let other = try await serve("220 smtp\r\n").bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true)
            .get()
        #expect(try await status(.unix(path: path)) == .failure(.init(reason: "the answer is no HTTP")))
        try await other.close()
    }
}
