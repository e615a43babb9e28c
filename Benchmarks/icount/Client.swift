// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A client that does as little as it can, and waits in the kernel: what it costs must not hide what the server does.
final class Client {
    private let descriptor: CInt
    private var bytes: [UInt8] = []
    private var piece = [UInt8](repeating: 0, count: 65_536)

    /// Connects to a Unix socket.
    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            Glibc.close(descriptor)
            throw BenchError("cannot connect to \(path)")
        }
    }

    func send(_ text: String) throws {
        guard
            Array(text.utf8).withUnsafeBytes({ Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }) == text.utf8.count
        else { throw BenchError("cannot send") }
    }

    func close() { Glibc.close(descriptor) }

    /// Takes the head of an answer.
    func awaitHead() throws { try take(offset(of: "\r\n\r\n")) }

    /// Takes an answer with its body.
    func awaitAnswer() throws {
        let end = try offset(of: "\r\n\r\n")
        let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
        guard head.hasPrefix("http/1.1 200"),
            let field = head.split(separator: "\r\n").first(where: { $0.hasPrefix("content-length:") }),
            let length = Int(field.dropFirst(15).drop { $0 == " " })
        else { throw BenchError("not answered: \(head)") }
        while bytes.count < end + length { try read() }
        take(end + length)
    }

    /// Takes so many short WebSocket frames.
    func awaitFrames(_ count: Int) throws {
        for _ in 0..<count {
            while bytes.count < 4 { try read() }
            let isLong = bytes[1] == 126
            let size = isLong ? 4 + Int(bytes[2]) << 8 + Int(bytes[3]) : 2 + Int(bytes[1])
            while bytes.count < size { try read() }
            take(size)
        }
    }

    /// Reads until a text has come.
    func await(_ text: String) throws { take(try offset(of: text)) }

    /// Where a text ends that has come, or comes.
    private func offset(of text: String) throws -> Int {
        var from = 0
        while true {
            if let start = place(of: text, from: from) { return start + text.utf8.count }
            from = max(0, bytes.count - text.utf8.count)
            try read()
        }
    }

    /// Where a text begins, looked for by the C library: in Swift this would cost more than what is counted.
    private func place(of text: String, from: Int) -> Int? {
        let length = text.utf8.count
        return bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress, let first = text.utf8.first else { return nil }
            var start = from
            while start + length <= all.count,
                let found = memchr(base + start, CInt(first), all.count - length - start + 1)
            {
                if memcmp(found, text, length) == 0 { return UnsafeRawPointer(found) - base }
                start = UnsafeRawPointer(found) - base + 1
            }
            return nil
        }
    }

    private func take(_ count: Int) { bytes.removeFirst(count) }

    private func read() throws {
        let count = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { throw BenchError("the server has closed") }
        bytes.append(contentsOf: piece[..<count])
    }
}
