// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why no status was received.
public struct HealthProbeError: Error, Equatable {
    /// A clause, such as `connect: Connection refused`.
    public let reason: String
}

/// Sends one GET request to a server on this machine and returns the status. Uses blocking calls, so it is meant for a
/// process that does nothing else, such as a container's health check.
public struct HealthProbe: Sendable {
    /// The address of the server.
    public enum Target: Sendable, Equatable {
        case tcp(host: IPAddress, port: UInt16)
        case unix(path: String)
    }

    /// The address of the server. For an unspecified address the loopback address is used.
    public var target: Target
    /// The longest time for each step, in whole seconds.
    public var timeoutSeconds: Int

    /// A probe of `target`.
    public init(target: Target, timeoutSeconds: Int = 3) {
        self.target = target
        self.timeoutSeconds = timeoutSeconds
    }

    /// Sends `GET path` and returns the status code.
    ///
    /// - Throws: `Failure` if a step fails or takes too long, or if the answer is not HTTP.
    public func status(of path: String) throws(HealthProbeError) -> Int {
        let (family, address) = try socketAddress()
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("socket") }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        let connected = address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { connect(descriptor, $0.baseAddress, socklen_t(bytes.count)) }
        }
        guard connected == 0 else { throw failure("connect") }

        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw failure("send")
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 512)
        while !answer.contains(UInt8(ascii: "\n")), answer.count < 4096 {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 { throw failure("receive") }
            if count == 0 { break }
            answer.append(contentsOf: chunk[..<count])
        }
        let words = answer.prefix { $0 != UInt8(ascii: "\r") }.split(separator: UInt8(ascii: " "))
        guard words.count > 1, words[0].starts(with: "HTTP/1.".utf8),
            let status = Int(String(decoding: words[1], as: UTF8.self))
        else { throw HealthProbeError(reason: "the answer is no HTTP") }
        return status
    }

    private func failure(_ step: String) -> HealthProbeError {
        let code = errno
        return HealthProbeError(reason: "\(step): \(code == EAGAIN ? "timed out" : String(cString: strerror(code)))")
    }

    /// The bytes of a `sockaddr_in`, `sockaddr_in6` or `sockaddr_un` (ip(7), ipv6(7), unix(7)).
    private func socketAddress() throws(HealthProbeError) -> (family: Int32, bytes: [UInt8]) {
        func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number, Array.init) }
        switch target {
        case .tcp(let host, let port) where host.isIPv4:
            let address = host.isUnspecified ? 0x7F00_0001 : UInt32(host.bits)
            return (
                AF_INET,
                bytes(sa_family_t(AF_INET)) + bytes(port.bigEndian) + bytes(address.bigEndian) + bytes(UInt64(0))
            )
        case .tcp(let host, let port):
            let address = host.isUnspecified ? 1 : host.bits
            return (
                AF_INET6,
                bytes(sa_family_t(AF_INET6)) + bytes(port.bigEndian) + bytes(UInt32(0)) + bytes(address.bigEndian)
                    + bytes(UInt32(0))
            )
        case .unix(let path):
            guard path.utf8.count <= 107, !path.utf8.contains(0) else {
                throw HealthProbeError(reason: "\(path) is no socket's path")
            }
            return (AF_UNIX, bytes(sa_family_t(AF_UNIX)) + Array(path.utf8) + [0])
        }
    }
}
