// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The write-ahead log beside a database file, read without SQLite.
///
/// SQLite applies any log that it finds there, because the format does not say which file a log belongs to
/// (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>). To find out, let each transaction write a page with
/// a unique text, and search the log for that text.
public struct WriteAheadLog: Sendable {
    /// The log's path.
    public let path: String

    /// The log of the database at this path.
    public init(of database: String) { path = database + "-wal" }

    /// Whether the log has more than its header of 32 bytes.
    public var hasContent: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_size > 32
    }

    /// Whether the log contains `text`.
    ///
    /// - Throws: `SystemError` if the log cannot be read.
    public func contains(_ text: String) throws(SystemError) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        defer { close(descriptor) }
        let wanted = Array(text.utf8)
        // The end of one piece may hold the beginning of a match.
        let overlap = wanted.count - 1
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var kept = 0
        while true {
            let count = piece.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress?.advanced(by: kept), $0.count - kept)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("read \(path)") }
            guard count > 0 else { return false }
            let end = kept + count
            if piece[..<end].withUnsafeBytes({ holds(wanted, in: $0) }) { return true }
            kept = min(overlap, end)
            piece.withUnsafeMutableBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                memmove(start, start + (end - kept), kept)
            }
        }
    }

    private func holds(_ wanted: [UInt8], in bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = wanted.first, var place = bytes.baseAddress else { return wanted.isEmpty }
        let end = place + bytes.count
        while let found = memchr(place, Int32(first), end - place) {
            let start = UnsafeRawPointer(found)
            guard end - start >= wanted.count else { return false }
            if memcmp(start, wanted, wanted.count) == 0 { return true }
            place = start + 1
        }
        return false
    }
}
