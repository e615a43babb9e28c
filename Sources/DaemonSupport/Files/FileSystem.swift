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

    /// Makes the names in the folder that holds `path` durable.
    public static func syncFolder(of path: String) throws(SystemError) {
        let folder = self.folder(of: path)
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("fsync \(folder)") }
    }

    /// Gives what root has made to the owner of another file or folder; does nothing for any other user.
    public static func giveToOwner(of model: String, _ path: String) throws(SystemError) {
        guard geteuid() == 0 else { return }
        var info = stat()
        guard stat(model, &info) == 0 else { throw SystemError("stat \(model)") }
        guard chown(path, info.st_uid, info.st_gid) == 0 else { throw SystemError("chown \(path)") }
    }

    /// Whether both names lead to one file.
    public static func isSame(_ path: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        guard stat(path, &first) == 0, stat(other, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    /// How many bytes a file has; 0 where there is none.
    public static func size(_ path: String) -> Int {
        var info = stat()
        return stat(path, &info) == 0 ? Int(info.st_size) : 0
    }

    /// Gives a file a name that nothing else has yet.
    public static func renameToNew(_ path: String, _ new: String) throws(SystemError) {
        guard link(path, new) == 0 else { throw SystemError("link \(new)") }
        try PrivateFile.remove(path)
    }

    /// Copies a file's bytes to a new one with mode 0600, durably.
    public static func copy(_ path: String, to new: String) throws(SystemError) {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw SystemError("open \(path)") }
        defer { close(source) }
        let target = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard target >= 0 else { throw SystemError("open \(new)") }
        defer { close(target) }
        while true {
            let count = sendfile(target, source, nil, 1 << 24)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("copy \(path) to \(new)") }
            if count == 0 { break }
        }
        guard fsync(target) == 0 else { throw SystemError("fsync \(new)") }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Renames a file; one that has the new name already is replaced.
    public static func rename(_ path: String, to new: String) throws(SystemError) {
        guard Glibc.rename(path, new) == 0 else { throw SystemError("rename \(path) to \(new)") }
    }
}
