// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A stand-in for the service manager: the receiving end of sd_notify(3).
public final class NotifySocket: Sendable {
    private let socket: DatagramSocket

    /// The value for `NOTIFY_SOCKET`.
    public var name: String { socket.name }

    /// A socket with an abstract name, or at a path.
    public init(abstract: Bool = true) throws {
        let unique = "\(getpid())-\(UInt64.random(in: .min ... .max))"
        socket = try DatagramSocket(name: abstract ? "@julesd-test-\(unique)" : "/tmp/julesd-test-\(unique)")
    }

    /// The lines of the next message.
    public func lines() async throws -> [String] {
        guard let bytes = try await socket.datagrams.next("a notification") else {
            throw OverdueError(what: "a notification", reason: "closed")
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Runs `body` while `NOTIFY_SOCKET` of this process names this socket.
    public func whileNamed<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        setenv("NOTIFY_SOCKET", name, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        return try await body()
    }

    /// The fields of the next message.
    public func next(_ what: String) async throws -> [String: String] {
        guard let bytes = try await socket.datagrams.next(what) else {
            throw OverdueError(what: what, reason: "closed")
        }
        return Self.fields(bytes)
    }

    /// Takes the first message that has all of these fields. A `nil` value means any value.
    @discardableResult
    public func message(
        with wanted: [String: String?], where matches: ([String: String]) -> Bool = { _ in true }
    ) async throws -> [String: String] {
        let bytes = try await socket.datagrams.first("a notification with \(wanted)") { bytes in
            let fields = Self.fields(bytes)
            return wanted.allSatisfy { name, value in fields[name] != nil && (value == nil || fields[name] == value) }
                && matches(fields)
        }
        return Self.fields(bytes)
    }

    /// All messages that have arrived and were not taken.
    public func takeAll() -> [[String: String]] { socket.datagrams.takeAll().map(Self.fields) }

    private static func fields(_ bytes: [UInt8]) -> [String: String] {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return Dictionary(
            lines.map { line in
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }, uniquingKeysWith: { $1 })
    }
}
