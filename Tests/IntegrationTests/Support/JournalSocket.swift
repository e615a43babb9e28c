// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// A stand-in for the journal. It receives entries in the native protocol
/// (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>).
///
/// The machine's own journal is not touched: the daemon gets its own `/run`, in which it finds this socket
/// (``Launch/journal``).
final class JournalSocket: Sendable {
    /// The folder that the daemon sees as `/run/systemd/journal`.
    let folder: TemporaryFolder

    private let socket: DatagramSocket

    init() throws {
        folder = try TemporaryFolder()
        socket = try DatagramSocket(name: folder.file("socket"))
    }

    /// Takes the first entry for which `matches` is true.
    func entry(_ what: String, where matches: ([String: String]) -> Bool) async throws -> [String: String] {
        Self.fields(try await socket.datagrams.first(what) { matches(Self.fields($0)) })
    }

    /// Each field is a line `NAME=value`. If the value has line breaks, it is its name, a 64-bit length and the bytes.
    static func fields(_ bytes: [UInt8]) -> [String: String] {
        var fields: [String: String] = [:]
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
                fields[text(line[..<equals])] = text(line[(equals + 1)...])
            } else if rest.count >= 8 {
                let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(8)
                fields[text(line)] = text(rest.prefix(length))
                rest = rest.dropFirst(length + 1)
            }
        }
        return fields
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
