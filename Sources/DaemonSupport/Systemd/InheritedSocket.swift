// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A listening stream socket that the service manager opened and passed to this process.
public struct InheritedSocket: Sendable, Equatable {
    /// The address family of a socket.
    public enum Family: Sendable {
        /// IPv4 or IPv6.
        case tcp
        /// The Unix domain.
        case unix
    }

    /// The socket's `FileDescriptorName=`; `unknown` if the service manager gave none.
    public let name: String
    /// The open descriptor.
    public let descriptor: Int32
    /// The family that the kernel reports for the socket.
    public let family: Family
    /// The address it listens on, for the log: `127.0.0.1:3001`, `[::]:3001`, `/run/x.sock`, or `@x` for an abstract
    /// name.
    public let address: String

    /// Checks `descriptor` and reads its address.
    ///
    /// - Throws: `Fault` if it is not a listening stream socket over TCP or in the Unix domain.
    public init(descriptor: Int32, name: String) throws(InheritedSocketError) {
        func fault(_ reason: String) -> InheritedSocketError {
            InheritedSocketError(name: name, descriptor: descriptor, reason: reason)
        }

        guard let type = socketOption(SO_TYPE, of: descriptor) else {
            throw fault("is no socket: \(String(cString: strerror(errno)))")
        }
        guard type == Int32(SOCK_STREAM.rawValue) else { throw fault("is no stream socket") }
        guard socketOption(SO_ACCEPTCONN, of: descriptor) == 1 else {
            throw fault("does not listen (the socket unit must not say Accept=yes)")
        }
        let address = SocketAddress(localTo: descriptor)
        switch address?.family {
        case AF_INET, AF_INET6: family = .tcp
        case AF_UNIX: family = .unix
        default: throw fault("is neither a TCP nor a Unix socket")
        }
        self.name = name
        self.descriptor = descriptor
        self.address = address?.text ?? "?"
    }
}

/// Why a descriptor cannot be used.
public struct InheritedSocketError: Error, Equatable, CustomStringConvertible {
    /// The descriptor's name.
    public let name: String
    /// The descriptor.
    public let descriptor: Int32
    /// What is wrong with it.
    public let reason: String

    /// The reason in a clause that names the descriptor.
    public var description: String { "inherited descriptor \(descriptor) (“\(name)”) \(reason)" }
}

private func socketOption(_ option: Int32, of descriptor: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : nil
}

/// The local address of a socket, as text.
private struct SocketAddress {
    let family: Int32
    let text: String

    init?(localTo descriptor: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let named = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard named else { return nil }
        family = Int32(storage.ss_family)
        text = withUnsafeBytes(of: &storage) { bytes in
            switch Int32(bytes.load(as: sockaddr.self).sa_family) {
            case AF_UNIX: SocketAddress.path(bytes.prefix(Int(length)))
            default: SocketAddress.hostAndPort(bytes, length: length)
            }
        }
    }

    private static func path(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        let path = bytes.dropFirst(MemoryLayout<sa_family_t>.size)
        guard let first = path.first else { return "unnamed" }
        // An abstract name begins with a NUL and may contain more of them. A path ends at the first NUL (unix(7)).
        guard first == 0 else { return String(decoding: path.prefix { $0 != 0 }, as: UTF8.self) }
        return "@" + String(decoding: path.dropFirst().map { $0 == 0 ? UInt8(ascii: "@") : $0 }, as: UTF8.self)
    }

    private static func hostAndPort(_ bytes: UnsafeRawBufferPointer, length: socklen_t) -> String {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let status = getnameinfo(
            bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), length, &host, socklen_t(host.count), &port,
            socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV)
        guard status == 0 else { return "?" }
        let text = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let number = String(decoding: port.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.contains(":") ? "[\(text)]:\(number)" : "\(text):\(number)"
    }
}
