// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder for a test's database files. It is removed when the value is released.
final class StoreFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/julesd-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("mkdtemp: \(errno)") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            unlink(file(name))
        }
        closedir(folder)
        rmdir(path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    func exists(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    /// The size of a file in bytes; 0 if there is none.
    func size(_ name: String) -> Int {
        var status = stat()
        return stat(file(name), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Writes `bytes` into a file at `offset`. Creates the file if there is none.
    func write(_ bytes: [UInt8], to name: String, at offset: Int = 0) {
        let descriptor = open(file(name), O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        _ = pwrite(descriptor, bytes, bytes.count, offset)
    }
}
