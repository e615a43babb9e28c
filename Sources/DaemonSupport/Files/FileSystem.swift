// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The kernel's error number.
    public let code: Int32
    /// The call and its object, such as `open /etc/example.conf`.
    public let operation: String

    /// An error of `operation` with the reason in `errno`.
    init(_ operation: String, code: Int32 = errno) {
        self.code = code
        self.operation = operation
    }

    /// The operation and the reason, for a log.
    public var description: String { "\(operation): \(String(cString: strerror(code)))" }
}

/// The operations on files that the daemon needs.
public enum FileSystem {
    /// Whether there is a file of any kind at `path`. A symbolic link counts even if its target is missing.
    public static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    /// Makes a directory and the missing ones above it, with mode 0700. Does nothing if it exists already.
    ///
    /// - Throws: `SystemError`; its code is `ENOTDIR` if `path` is something else.
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

    /// Lets only the owner use the files that the process creates from now on (umask(2)).
    public static func keepNewFilesPrivate() { umask(0o077) }

    /// Writes the folder that contains `path` to the disk, so that a name made there survives a power failure.
    ///
    /// - Throws: `SystemError` if the folder cannot be opened or written.
    public static func syncFolder(of path: String) throws(SystemError) {
        let folder = self.folder(of: path)
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("fsync \(folder)") }
    }

    /// Gives an open file to the owner of `folder` if the process runs as root; otherwise does nothing.
    static func giveToOwner(of folder: String, _ descriptor: Int32, _ path: String) throws(SystemError) {
        guard geteuid() == 0 else { return }
        var owner = stat()
        var present = stat()
        guard stat(folder, &owner) == 0 else { throw SystemError("stat \(folder)") }
        guard fstat(descriptor, &present) == 0 else { throw SystemError("stat \(path)") }
        // A file system without owners refuses the call even if nothing would change.
        if present.st_uid == owner.st_uid && present.st_gid == owner.st_gid { return }
        guard fchown(descriptor, owner.st_uid, owner.st_gid) == 0 else { throw SystemError("chown \(path)") }
    }

    /// The folder that contains `path`.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Whether both paths lead to the same file.
    public static func isSame(_ path: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        guard stat(path, &first) == 0, stat(other, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    /// The size of a file in bytes; 0 if there is no such file.
    public static func size(_ path: String) -> Int {
        var info = stat()
        return stat(path, &info) == 0 ? Int(info.st_size) : 0
    }

    /// Ways to rename a file without replacing another one, the best first. No file system supports all of them.
    enum RenameToNew: CaseIterable {
        /// In one step with renameat2(2). NFS and some FUSE file systems refuse it.
        case rename
        /// A second name is added and the first one removed, with link(2). FAT, exFAT and CIFS refuse it.
        case link
        /// An empty file is created under the new name and then replaced. A crash between the two steps leaves the
        /// empty file.
        case claim

        func callAsFunction(_ path: String, _ new: String) -> Bool {
            switch self {
            case .rename: return rename_to_new(path, new) == 0
            case .link: return Glibc.link(path, new) == 0 && unlink(path) == 0
            case .claim:
                let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
                guard descriptor >= 0 else { return false }
                close(descriptor)
                return Glibc.rename(path, new) == 0
            }
        }
    }

    /// Renames a file without replacing another one.
    ///
    /// - Throws: `SystemError`; its code is `EEXIST` if the name is taken.
    static func renameToNew(
        _ path: String, _ new: String, ways: [RenameToNew] = RenameToNew.allCases
    ) throws(SystemError) {
        for way in ways {
            if way(path, new) { return }
            if errno == EEXIST { break }
        }
        throw SystemError("rename \(path) to \(new)")
    }

    /// Removes a file. Does nothing if there is no such file.
    ///
    /// - Throws: `SystemError` if the file cannot be removed.
    public static func remove(_ path: String) throws(SystemError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("unlink \(path)") }
    }

    /// Renames a file and replaces one that has the new name.
    ///
    /// - Throws: `SystemError` if the file cannot be renamed.
    public static func rename(_ path: String, to new: String) throws(SystemError) {
        guard Glibc.rename(path, new) == 0 else { throw SystemError("rename \(path) to \(new)") }
    }
}
