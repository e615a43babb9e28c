// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Plays the service manager: the receiving end of sd_notify(3).
final class NotifySocket: Sendable {
    private let socket: DatagramSocket

    /// What `NOTIFY_SOCKET` has to say.
    var name: String { socket.name }

    init(abstract: Bool = true) throws {
        let unique = "\(getpid())-\(UInt64.random(in: .min ... .max))"
        socket = try DatagramSocket(name: abstract ? "@julesd-test-\(unique)" : "/tmp/julesd-test-\(unique)")
    }

    /// The next message, by its fields.
    func next(_ what: String) async throws -> [String: String] {
        guard let bytes = try await socket.datagrams.next(what) else { throw Overdue(what: what, reason: "closed") }
        return Self.fields(bytes)
    }

    /// Takes the first message that has all of these fields; a `nil` value stands for any.
    @discardableResult
    func message(with wanted: [String: String?], where matches: ([String: String]) -> Bool = { _ in true }) async throws
        -> [String: String]
    {
        let bytes = try await socket.datagrams.first("a notification with \(wanted)") { bytes in
            let fields = Self.fields(bytes)
            return wanted.allSatisfy { name, value in fields[name] != nil && (value == nil || fields[name] == value) }
                && matches(fields)
        }
        return Self.fields(bytes)
    }

    /// Every message that has come and was not taken.
    func takeAll() -> [[String: String]] { socket.datagrams.takeAll().map(Self.fields) }

    private static func fields(_ bytes: [UInt8]) -> [String: String] {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return Dictionary(
            lines.map { line in
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }, uniquingKeysWith: { $1 })
    }
}
