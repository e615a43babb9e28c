// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A Unix datagram socket that receives at a path, or at an abstract name that is written with a leading `@`.
public final class DatagramSocket: Sendable {
    /// The path, or `@` and the abstract name.
    public let name: String
    /// The datagrams that were received.
    public let datagrams = Mailbox<[UInt8]>()
    private let descriptor: Int32

    /// A socket that others can send to from now on.
    public init(name: String) throws {
        self.name = name
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw CallError("socket") }
        do { try bindUnix(descriptor, to: name) } catch {
            close(descriptor)
            throw error
        }
        startThread { [descriptor, datagrams] in
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &bytes, bytes.count, 0)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                datagrams.put(Array(bytes[..<count]))
            }
            close(descriptor)
            datagrams.close()
        }
    }

    deinit {
        // Wakes the reader thread, which closes the socket.
        shutdown(descriptor, Int32(SHUT_RDWR))
        if name.hasPrefix("/") { unlink(name) }
    }
}

/// Binds a Unix socket to a path, or to an abstract name that is written with a leading `@`.
public func bindUnix(_ descriptor: Int32, to name: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = name.hasPrefix("@") ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard status == 0 else { throw CallError("bind \(name)") }
}
