// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a file could not be read.
public struct FileReadError: Error, Equatable {
    /// The reason as the system words it, such as `Permission denied`.
    public var reason: String

    /// A failure for this reason.
    public init(reason: String) {
        self.reason = reason
    }
}

/// Reads a file whole: `nil` where there is none.
public typealias FileRead = @Sendable (_ path: String) throws(FileReadError) -> [UInt8]?

/// The names in a folder, in no order: `nil` where there is no such folder.
public typealias FolderRead = @Sendable (_ path: String) throws(FileReadError) -> [String]?

/// Small files of the real file system.
public enum FileContents {
    /// More than any settings file or secret needs; a wrong path (a device, a store) ends here instead of in all memory.
    public static let limit = 1 << 20

    /// The file's bytes; `nil` where there is no such file.
    ///
    /// Blocks for as long as the disk takes, so it is for the start, or for a thread of its own.
    ///
    /// - Parameter waiting: Whether to wait for whoever writes a pipe, as a program at its start may; otherwise a pipe is refused.
    /// - Throws: `FileReadError`.
    public static func read(_ path: String, waiting: Bool = true) throws(FileReadError) -> [UInt8]? {
        // Without O_NONBLOCK the opening itself waits for a writer (fifo(7)).
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | (waiting ? 0 : O_NONBLOCK))
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileReadError(reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        if !waiting {
            var info = stat()
            // The end of a pipe without a writer looks like that of an empty file.
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

    /// The names in a folder, hidden ones left out; `nil` where there is no such folder. Blocks for as long as the disk takes.
    ///
    /// - Throws: `FileReadError`.
    public static func names(in path: String) throws(FileReadError) -> [String]? {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return nil }
            throw FileReadError(reason: String(cString: strerror(errno)))
        }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            // Only errno tells the end of the folder from a failure (readdir(3)).
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
    /// The text without the mark that Windows editors put before UTF-8.
    var withoutByteOrderMark: [UInt8] { starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self }
}
