// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix

/// A bound socket.
struct ListeningSocket {
    /// The socket.
    let descriptor: CInt
    /// The file of a Unix socket that we made; `nil` for other sockets.
    let file: SocketFile?

    private init(_ descriptor: CInt, file: SocketFile? = nil) {
        self.descriptor = descriptor
        self.file = file
    }

    /// Makes a socket and binds it to `address`. An inherited one is only checked.
    ///
    /// - Throws: `ListenError` with the address and the reason.
    static func open(_ address: ListenAddress) async throws(ListenError) -> ListeningSocket {
        do {
            switch address {
            case .inherited(let descriptor):
                try check(descriptor)
                return ListeningSocket(descriptor)
            case .tcp(let host, let port): return ListeningSocket(try await bind(host: host, port: port))
            case .unix(let path, let mode):
                return ListeningSocket(try bind(path: path, mode: mode), file: SocketFile(path: path))
            }
        } catch let error as BindError {
            throw ListenError(address: address, reason: error.reason)
        } catch let error as IOError {
            throw ListenError(address: address, reason: String(cString: strerror(error.errnoCode)))
        } catch {
            throw ListenError(address: address, reason: String(describing: error))
        }
    }

    private struct BindError: Error {
        var reason: String
    }

    private static func check(_ descriptor: CInt) throws {
        var type: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        try call("getsockopt") { getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) }
        guard type == SOCK_STREAM.type else { throw BindError(reason: "it is no stream socket") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    private static func bind(host: String, port: Int) async throws -> CInt {
        let address: SocketAddress
        if let numeric = try? SocketAddress(ipAddress: host, port: port) {
            address = numeric
        } else {
            // getaddrinfo(3) may block on the network.
            address = try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(host, port: port)
            }
        }
        let descriptor = try make(address.protocol == .inet6 ? AF_INET6 : AF_INET)
        return try owning(descriptor) {
            try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            if address.protocol == .inet6 {
                try set(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, host == "::" ? 0 : 1)
            }
            try call("bind") { address.withSockAddr { Glibc.bind(descriptor, $0, socklen_t($1)) } }
        }
    }

    private static func bind(path: String, mode: mode_t) throws -> CInt {
        let address = try SocketAddress(unixDomainSocketPath: path)
        try removeStale(path, address)
        let descriptor = try make(AF_UNIX)
        return try owning(descriptor) {
            // The mode of the socket limits the mode of the file, so the file never allows more than `mode`.
            try call("fchmod") { fchmod(descriptor, mode) }
            try call("bind") { address.withSockAddr { Glibc.bind(descriptor, $0, socklen_t($1)) } }
            try call("chmod") { chmod(path, mode) }
        }
    }

    /// Removes the socket file at `path` if nobody listens on it.
    private static func removeStale(_ path: String, _ address: SocketAddress) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw BindError(reason: "a file that is no socket is in the way")
        }
        let probe = try make(AF_UNIX)
        defer { close(probe) }
        guard address.withSockAddr({ connect(probe, $0, socklen_t($1)) }) != 0, errno == ECONNREFUSED else {
            throw BindError(reason: "another process listens there")
        }
        try call("unlink") { unlink(path) }
    }

    private static func make(_ family: CInt) throws -> CInt {
        try call("socket") { socket(family, SOCK_STREAM.type | SOCK_CLOEXEC.type | SOCK_NONBLOCK.type, 0) }
    }

    private static func set(_ descriptor: CInt, _ level: CInt, _ option: CInt, _ value: CInt) throws {
        try call("setsockopt") {
            withUnsafePointer(to: value) {
                setsockopt(descriptor, level, option, $0, socklen_t(MemoryLayout<CInt>.size))
            }
        }
    }

    private static func owning(_ descriptor: CInt, _ body: () throws -> Void) throws -> CInt {
        do {
            try body()
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    @discardableResult
    private static func call(_ name: StaticString, _ body: () throws -> CInt) throws -> CInt {
        let result = try body()
        guard result >= 0 else { throw IOError(errnoCode: errno, reason: "\(name)") }
        return result
    }
}

/// The file of a Unix socket that we made.
struct SocketFile: Sendable {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// The file at `path`; `nil` if there is none.
    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    /// Removes the file, unless another file has its path now.
    func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
        unlink(path)
    }
}

extension __socket_type {
    fileprivate var type: CInt { CInt(bitPattern: rawValue) }
}
