// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// A listening socket that a service manager holds and hands to each daemon it starts.
final class ListeningDescriptor: Sendable {
    /// What `LISTEN_FDNAMES` calls it.
    let name: String
    let descriptor: Int32
    /// Where to connect.
    let address: SocketAddress

    private init(name: String, _ family: Int32, bind body: (Int32) throws -> SocketAddress) throws {
        self.name = name
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        address = try body(descriptor)
        guard listen(descriptor, 128) == 0 else { throw SystemError("listen") }
    }

    deinit { close(descriptor) }

    /// A free port of the loopback.
    static func tcp(name: String) throws -> ListeningDescriptor {
        try ListeningDescriptor(name: name, AF_INET) { descriptor in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    guard bind(descriptor, generic, length) == 0 else { return Int32(-1) }
                    return getsockname(descriptor, generic, &length)
                }
            }
            guard status == 0 else { throw SystemError("bind") }
            return try SocketAddress(ipAddress: "127.0.0.1", port: Int(UInt16(bigEndian: address.sin_port)))
        }
    }

    static func unix(name: String, path: String) throws -> ListeningDescriptor {
        try ListeningDescriptor(name: name, AF_UNIX) { descriptor in
            try bindUnix(descriptor, to: path)
            return try SocketAddress(unixDomainSocketPath: path)
        }
    }
}
