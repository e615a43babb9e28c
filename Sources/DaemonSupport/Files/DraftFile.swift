// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A new file that takes its name once it is whole: whoever looks sees what was there before, or all of it.
///
/// It is its owner's alone (mode 0600), and it is gone with this value if it has not taken its name by then. Whatever happens to the
/// names in the folder meanwhile, its owner is changed through its descriptor and so never that of another file.
public final class DraftFile: Sendable {
    /// Where it lies until it has its name: the name and `.new`.
    public let path: String
    /// The name that it is for.
    public let target: String
    let descriptor: Int32

    /// Begins a file, in place of what an earlier attempt has left.
    ///
    /// - Throws: `SystemError` if the folder takes no new file.
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
    /// - Throws: `SystemError`.
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

    /// Gives what root has made to the owner of `folder`; does nothing for any other user.
    ///
    /// - Throws: `SystemError` if the file system keeps no owners, or this one is not its root.
    public func giveToOwner(of folder: String) throws(SystemError) {
        try FileSystem.giveToOwner(of: folder, descriptor, path)
    }

    /// Puts the file on the disk and gives it its name, durably.
    ///
    /// - Parameter replacing: Whether another file may lose that name.
    /// - Throws: `SystemError`; `EEXIST` if the name is taken.
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
