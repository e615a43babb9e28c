// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A new file that gets its final name when it is complete. Readers see the old file or all of the new one.
///
/// Only its owner can read it (mode 0600). It is removed when this value is released before the file has its final
/// name. The owner is changed through the descriptor, so it is always this file that changes its owner, even if its
/// name was given to another file meanwhile.
public final class DraftFile: Sendable {
    /// The path until it has its final name: `target` with `.new` added.
    public let path: String
    /// The final path.
    public let target: String
    let descriptor: Int32

    /// Creates the file. Removes what an earlier attempt left behind.
    ///
    /// - Throws: `SystemError` if the file cannot be created.
    public init(for target: String) throws(SystemError) {
        self.target = target
        path = target + ".new"
        try FileSystem.remove(path)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
    }

    deinit {
        if isNamed(path) { unlink(path) }
        close(descriptor)
    }

    /// Appends bytes.
    ///
    /// - Throws: `SystemError`, for example if the disk is full.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw SystemError("write \(path)") }
            rest = rest.dropFirst(count)
        }
    }

    /// Appends all bytes of another file.
    ///
    /// - Throws: `SystemError` if `source` cannot be read or the disk is full.
    public func append(contentsOf source: String) throws(SystemError) {
        let from = open(source, O_RDONLY | O_CLOEXEC)
        guard from >= 0 else { throw SystemError("open \(source)") }
        defer { close(from) }
        while true {
            let count = sendfile(descriptor, from, nil, 1 << 24)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("copy \(source) to \(path)") }
            if count == 0 { return }
        }
    }

    /// Gives the file to the owner of `folder` if the process runs as root; otherwise does nothing.
    ///
    /// - Throws: `SystemError` if the file system has no owners, or does not let root change them.
    public func giveToOwner(of folder: String) throws(SystemError) {
        try FileSystem.giveToOwner(of: folder, descriptor, path)
    }

    /// Writes the file to the disk and gives it its final name. Both survive a power failure.
    ///
    /// - Parameter replacing: Whether a file that has this name may be replaced.
    /// - Throws: `SystemError`; its code is `EEXIST` if the name is taken and `replacing` is false, and `ESTALE` if
    ///   `path` is another file now.
    public func takeName(replacing: Bool) throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw SystemError("fsync \(path)") }
        guard isNamed(path) else { throw SystemError("rename \(path), which is another file now", code: ESTALE) }
        if replacing {
            try FileSystem.rename(path, to: target)
        } else {
            try FileSystem.renameToNew(path, target)
        }
        try FileSystem.syncFolder(of: target)
    }

    private func isNamed(_ path: String) -> Bool {
        var named = stat()
        var own = stat()
        guard lstat(path, &named) == 0, fstat(descriptor, &own) == 0 else { return false }
        return named.st_dev == own.st_dev && named.st_ino == own.st_ino
    }
}
