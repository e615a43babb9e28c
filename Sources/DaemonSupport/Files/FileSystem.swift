// SPDX-License-Identifier: Apache-2.0

import CSystemd
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

    /// Gives an open file that root has made to the owner of `folder`; does nothing for any other user.
    static func giveToOwner(of folder: String, _ descriptor: Int32, _ path: String) throws(SystemError) {
        guard geteuid() == 0 else { return }
        var owner = stat()
        var present = stat()
        guard stat(folder, &owner) == 0 else { throw SystemError("stat \(folder)") }
        guard fstat(descriptor, &present) == 0 else { throw SystemError("stat \(path)") }
        // A file system without owners refuses even what is so already.
        if present.st_uid == owner.st_uid && present.st_gid == owner.st_gid { return }
        guard fchown(descriptor, owner.st_uid, owner.st_gid) == 0 else { throw SystemError("chown \(path)") }
    }

    /// The folder that holds `path`.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
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

    /// Ways to give a file a name that nothing else has yet, the best first. Each file system knows some of them.
    enum RenameToNew: CaseIterable {
        /// In one step: renameat2(2). NFS and some FUSE file systems refuse it.
        case rename
        /// A second name, and the first one goes: link(2). FAT, exFAT and CIFS refuse it.
        case link
        /// An empty file takes the name, and is replaced. A crash in between leaves it there.
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

    /// Gives a file a name that nothing else has yet.
    ///
    /// - Throws: `SystemError`; `EEXIST` if the name is taken.
    static func renameToNew(
        _ path: String, _ new: String, ways: [RenameToNew] = RenameToNew.allCases
    ) throws(SystemError) {
        for way in ways {
            if way(path, new) { return }
            if errno == EEXIST { break }
        }
        throw SystemError("rename \(path) to \(new)")
    }

    /// Removes a file; content where there is none.
    public static func remove(_ path: String) throws(SystemError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("unlink \(path)") }
    }

    /// Renames a file; one that has the new name already is replaced.
    public static func rename(_ path: String, to new: String) throws(SystemError) {
        guard Glibc.rename(path, new) == 0 else { throw SystemError("rename \(path) to \(new)") }
    }
}
