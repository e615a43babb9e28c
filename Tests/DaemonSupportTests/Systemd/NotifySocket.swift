// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// The receiving end of sd_notify: a datagram socket in a temporary folder or in the abstract namespace.
final class NotifySocket {
    /// The value for `NOTIFY_SOCKET`.
    let name: String
    private let descriptor: Int32

    init(abstract: Bool) throws {
        let unique = "\(getpid())-\(UInt64.random(in: .min ... .max))"
        name = abstract ? "@notify-\(unique)" : "/tmp/notify-\(unique)"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        try bindUnix(descriptor, to: name)
        // Only a lost message waits this long.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
        if name.hasPrefix("/") { unlink(name) }
    }

    /// The lines of the next datagram.
    func receive() throws -> [String] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        try #require(count >= 0, "no message came")
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Expects the next datagram to hold exactly these lines.
    func expect(_ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let received = try receive()
        #expect(received == lines, sourceLocation: sourceLocation)
    }

    /// Runs `body` while `NOTIFY_SOCKET` names this socket.
    func whileNamed<Result>(_ body: () throws -> Result) rethrows -> Result {
        setenv("NOTIFY_SOCKET", name, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        return try body()
    }
}

/// Binds a Unix socket to a path or, after an `@`, to an abstract name.
func bindUnix(_ descriptor: Int32, to name: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = name.hasPrefix("@") ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    try #require(status == 0, "bind: \(String(cString: strerror(errno)))")
}
