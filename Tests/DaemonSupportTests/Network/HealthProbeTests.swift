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

    /// Blocks, so it is kept off the threads of the tests.
    private func status(_ target: HealthProbe.Target) async throws -> Result<Int, HealthProbe.Failure> {
        try await NIOThreadPool.singleton.runIfActive {
            do throws(HealthProbe.Failure) {
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

    @Test("reads the status over TCP, on loopback for a wildcard", arguments: ["127.0.0.1", "0.0.0.0", "::1", "::"])
    func tcp(host: String) async throws {
        let server = try await serve("HTTP/1.1 503 Service Unavailable\r\n\r\n").bind(host: host, port: 0).get()
        let port = UInt16(try #require(server.localAddress?.port))
        #expect(try await status(.tcp(host: #require(IPAddress(host)), port: port)) == .success(503))
        try await server.close()
        // tcpmux, which nobody has served for decades: a port that was just closed may be another test's by now.
        #expect(
            try await status(.tcp(host: #require(IPAddress(host)), port: 1))
                == .failure(.init(reason: "connect: Connection refused")))
    }

    @Test("reads the status over a Unix socket, and knows what is no HTTP")
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
