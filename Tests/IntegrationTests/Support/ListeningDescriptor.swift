// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import TestSupport

/// A listening socket of a service manager, which passes it to each daemon it starts.
final class ListeningDescriptor: Sendable {
    /// The name in `LISTEN_FDNAMES`.
    let name: String
    let descriptor: Int32
    /// The address to connect to.
    let address: SocketAddress

    private init(name: String, _ family: Int32, bind body: (Int32) throws -> SocketAddress) throws {
        self.name = name
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw CallError("socket") }
        address = try body(descriptor)
        guard listen(descriptor, 128) == 0 else { throw CallError("listen") }
    }

    deinit { close(descriptor) }

    /// A socket on a free loopback port.
    static func tcp(name: String) throws -> ListeningDescriptor {
        try ListeningDescriptor(name: name, AF_INET) { descriptor in
            try SocketAddress(ipAddress: "127.0.0.1", port: 0).withSockAddr { address, length in
                guard bind(descriptor, address, socklen_t(length)) == 0 else { throw CallError("bind") }
            }
            // A sockaddr_in (ip(7)): the family, then the port in network byte order.
            var name = [UInt8](repeating: 0, count: 16)
            var length = socklen_t(name.count)
            let status = name.withUnsafeMutableBytes {
                getsockname(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, &length)
            }
            guard status == 0 else { throw CallError("getsockname") }
            return try SocketAddress(ipAddress: "127.0.0.1", port: Int(name[2]) << 8 | Int(name[3]))
        }
    }

    static func unix(name: String, path: String) throws -> ListeningDescriptor {
        try ListeningDescriptor(name: name, AF_UNIX) { descriptor in
            try bindUnix(descriptor, to: path)
            return try SocketAddress(unixDomainSocketPath: path)
        }
    }
}
