// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder for a test's own files, gone with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/julesd-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        // Depth first, and no link is followed out of the folder.
        _ = nftw(path, { entry, _, _, _ in entry.map { remove($0) } ?? 0 }, 16, Int32(FTW_DEPTH | FTW_PHYS))
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file anew.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(file(name))") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError("write \(file(name))") }
        return file(name)
    }

    /// All of a file.
    func read(_ name: String) throws -> [UInt8] {
        let descriptor = open(file(name), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(file(name))") }
        defer { close(descriptor) }
        return readAll(descriptor)
    }

    func exists(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    private func write(_ descriptor: Int32, _ bytes: [UInt8], _ count: Int) -> Int { Glibc.write(descriptor, bytes, count) }
}

/// What can be read from `descriptor` until its end.
func readAll(_ descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return all }
        all += piece[..<count]
    }
}
