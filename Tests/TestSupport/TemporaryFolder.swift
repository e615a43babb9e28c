// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder for a test's files. It is removed when the value is released.
public final class TemporaryFolder: Sendable {
    /// The path, without a slash at the end.
    public let path: String

    /// An empty folder.
    ///
    /// - Throws: ``CallError``.
    public init() throws {
        var template = Array("/tmp/julesd-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CallError("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in names { unlink(file(name)) }
        rmdir(path)
    }

    /// The names in the folder.
    public var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }

    /// The path of a file in it.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file, and replaces an existing one.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    /// Writes a file, and replaces an existing one.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String) throws -> String {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CallError("open \(file(name))") }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw CallError("write \(file(name))")
        }
        return file(name)
    }

    /// The contents of a file.
    public func read(_ name: String) throws -> [UInt8] {
        let descriptor = open(file(name), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CallError("open \(file(name))") }
        defer { close(descriptor) }
        return readAll(descriptor)
    }

    /// Whether it has such a file.
    public func exists(_ name: String) -> Bool { access(file(name), F_OK) == 0 }
}

/// Reads `descriptor` to its end.
private func readAll(_ descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = Glibc.read(descriptor, &piece, piece.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return all }
        all += piece[..<count]
    }
}
