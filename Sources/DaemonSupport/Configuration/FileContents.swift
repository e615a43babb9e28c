// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a file could not be read.
public struct FileReadError: Error, Equatable {
    /// The reason as the system words it, such as `Permission denied`.
    public var reason: String

    /// An error with this reason.
    public init(reason: String) {
        self.reason = reason
    }
}

/// Reads a whole file. Returns `nil` if there is no such file.
public typealias FileRead = @Sendable (_ path: String) throws(FileReadError) -> [UInt8]?

/// Lists the names in a folder, in no particular order. Returns `nil` if there is no such folder.
public typealias FolderRead = @Sendable (_ path: String) throws(FileReadError) -> [String]?

/// Reads small files and folders of the real file system.
public enum FileContents {
    /// The largest file that is read, in bytes. Settings and secrets are far smaller; the limit keeps a wrong path (a
    /// device, a database) from filling the memory.
    public static let limit = 1 << 20

    /// The file's bytes; `nil` if there is no such file.
    ///
    /// Blocks while the disk works: call it at the start, or on a thread that may block.
    ///
    /// - Parameter waiting: Whether a pipe is waited for until its writer has closed it. If false, a pipe is an error.
    /// - Throws: `FileReadError` if the file cannot be opened or read, is larger than `limit`, or is a pipe and
    ///   `waiting` is false.
    public static func read(_ path: String, waiting: Bool = true) throws(FileReadError) -> [UInt8]? {
        // Without O_NONBLOCK, open(2) itself waits for a writer of the pipe (fifo(7)).
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | (waiting ? 0 : O_NONBLOCK))
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileReadError(reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        if !waiting {
            var info = stat()
            // A pipe without a writer looks like an empty file.
            guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT != S_IFIFO else {
                throw FileReadError(reason: "it is a pipe, which is read at the start only")
            }
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileReadError(reason: String(cString: strerror(errno)))
            }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw FileReadError(reason: "the file is larger than 1 MiB") }
        }
    }

    /// The names in a folder without hidden ones; `nil` if there is no such folder. Blocks while the disk works.
    ///
    /// - Throws: `FileReadError` if the folder cannot be opened or read.
    public static func names(in path: String) throws(FileReadError) -> [String]? {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return nil }
            throw FileReadError(reason: String(cString: strerror(errno)))
        }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            // Only errno tells the end of the folder from an error (readdir(3)).
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else { throw FileReadError(reason: String(cString: strerror(errno))) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
    }
}

extension [UInt8] {
    /// The text without the byte order mark that Windows editors put at its start.
    var withoutByteOrderMark: [UInt8] { starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self }
}
