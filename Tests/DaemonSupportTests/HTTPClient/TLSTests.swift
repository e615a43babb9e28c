// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DaemonSupport

private let openssl = "/usr/bin/openssl"

@Suite("HTTPClient over TLS", .enabled(if: access(openssl, X_OK) == 0), .timeLimit(.minutes(1)))
struct TLSTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A server with a self-signed certificate that is valid only for 127.0.0.1.
    private func server() throws -> OpenSSLServer {
        try run([
            openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder.file("key.pem"), "-out",
            folder.file("cert.pem"),
        ])
        return try OpenSSLServer(certificate: folder.file("cert.pem"), key: folder.file("key.pem"))
    }

    private func send(_ url: String, caFile: String?) async -> Result<ClientResponse, TransportError> {
        let client = HTTPClient(caFile: caFile, userAgent: "julesd-test/1")
        do { return .success(try await client.send(ClientRequest(url: url))) } catch { return .failure(error) }
    }

    @Test("A certificate of an unknown issuer is refused, and accepted if its file is trusted")
    func trust() async throws {
        let server = try server()
        defer { server.stop() }
        guard case .failure(.tls(let reason)) = await send(server.url("127.0.0.1"), caFile: nil) else {
            Issue.record("an unknown certificate was accepted")
            return
        }
        #expect(reason.contains("certificate"))
        #expect(try await send(server.url("127.0.0.1"), caFile: folder.file("cert.pem")).get().status == 200)
    }

    @Test("A trusted certificate of another host is refused")
    func hostName() async throws {
        let server = try server()
        defer { server.stop() }
        guard case .failure(.tls) = await send(server.url("localhost"), caFile: folder.file("cert.pem")) else {
            Issue.record("another host's certificate was accepted")
            return
        }
    }

    @Test("A missing certificate file is reported")
    func missingFile() async throws {
        let server = try server()
        defer { server.stop() }
        guard case .failure(.tls) = await send(server.url("127.0.0.1"), caFile: folder.file("none.pem")) else {
            Issue.record("went on without certificates")
            return
        }
    }
}

/// `openssl s_server`, which answers every request with a page about the connection.
private final class OpenSSLServer {
    private let process: pid_t
    private let output: Int32
    private var port = ""

    init(certificate: String, key: String) throws {
        (process, output) = try spawn([
            openssl, "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www",
        ])
        // It prints "ACCEPT 127.0.0.1:PORT" when it listens.
        var line = ""
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1 {
            line.unicodeScalars.append(Unicode.Scalar(byte))
            guard byte == UInt8(ascii: "\n") else { continue }
            if line.hasPrefix("ACCEPT") {
                port = String(line.filter { !$0.isNewline }.split(separator: ":").last ?? "")
                return
            }
            line = ""
        }
        throw SpawnError(code: 0)
    }

    func url(_ host: String) -> String { "https://\(host):\(port)/" }

    /// Ends the process. Call it once.
    func stop() {
        // It has nothing to save. SIGKILL, because it inherits this thread's signal mask, which may block other
        // signals.
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
        close(output)
    }
}

private struct SpawnError: Error { var code: Int32 }

/// Starts a program. Returns its process id and its standard output. Its standard error is dropped.
private func spawn(_ arguments: [String]) throws -> (pid_t, Int32) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SpawnError(code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    closeDescriptors(from: STDERR_FILENO + 1, in: &actions)
    var process: pid_t = 0
    let words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let code = posix_spawn(&process, arguments[0], &actions, nil, words, [nil])
    close(ends[1])
    guard code == 0 else {
        close(ends[0])
        throw SpawnError(code: code)
    }
    return (process, ends[0])
}

private func run(_ arguments: [String]) throws {
    let (process, output) = try spawn(arguments)
    defer { close(output) }
    var status: Int32 = 0
    guard waitpid(process, &status, 0) == process, status == 0 else { throw SpawnError(code: status) }
}
