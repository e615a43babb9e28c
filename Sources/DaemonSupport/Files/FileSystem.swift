// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The kernel's error number.
    public let code: Int32
    /// What was tried, on what.
    public let operation: String

    /// The failure of `operation` for the reason in `errno`.
    init(_ operation: String, code: Int32 = errno) {
        self.code = code
        self.operation = operation
    }

    /// The failure as a sentence for a log.
    public var description: String { "\(operation): \(String(cString: strerror(code)))" }
}

/// The few things the daemon does with files themselves.
public enum FileSystem {
    /// Whether something has that name.
    public static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    /// Makes a directory, with those above it, for its owner alone; content with one that is there already.
    public static func makeDirectory(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 { return }
        if errno == EEXIST {
            var info = stat()
            guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
                throw SystemError("mkdir \(path)", code: ENOTDIR)
            }
            return
        }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw SystemError("mkdir \(path)")
        }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError("mkdir \(path)") }
    }

    /// Makes every file that the process creates from now on its owner's alone (umask(2)).
    public static func keepNewFilesPrivate() { umask(0o077) }

    /// Renames a file; one that has the new name already is replaced.
    public static func rename(_ path: String, to new: String) throws(SystemError) {
        guard Glibc.rename(path, new) == 0 else { throw SystemError("rename \(path) to \(new)") }
    }
}
