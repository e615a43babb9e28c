// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Why the lock of a store could not be taken.
public enum StoreLockError: Error, Equatable, CustomStringConvertible {
    /// Another process holds it. Its id and name are given if they are known.
    case held(path: String, pid: Int32?, command: String?)
    /// The lock file cannot be opened.
    case unavailable(path: String, errno: Int32)

    /// The problem as a clause for a log.
    public var description: String {
        switch self {
        case .held(let path, let pid, let command):
            "\(path) is in use by "
                + (pid.map { "process \($0)" + (command.map { " (\($0))" } ?? "") } ?? "another process")
        case .unavailable(let path, let code): "\(path): \(String(cString: strerror(code)))"
        }
    }
}

/// The right of one process to use a store. It ends when this value is released or the process ends.
///
/// It is a lock (flock(2)) on the file `<store>.lock`. The file is never removed: otherwise two processes could lock
/// two different files.
public final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of the store at `path`. Does not wait.
    ///
    /// - Throws: `StoreLockError` if another process holds the lock or the lock file cannot be opened.
    public init(path store: String) throws(StoreLockError) {
        let path = store + ".lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .unavailable(path: path, errno: errno) }
        descriptor = file
        // From here on `deinit` closes the descriptor, even if this initializer throws.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let pid = Self.holder(descriptor)
            guard code == EWOULDBLOCK else { throw .unavailable(path: path, errno: code) }
            throw .held(path: store, pid: pid, command: pid.flatMap(Self.command))
        }
        // If root made the file, the service must still be able to open it.
        try? FileSystem.giveToOwner(of: FileSystem.folder(of: path), descriptor, path)
        // The process id is only information for people. The kernel keeps the lock.
        let pid = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, pid, pid.count, 0) }
    }

    deinit {
        // A child process between fork and exec has the descriptor too, and would keep the lock.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        text(of: descriptor).flatMap { Int32($0) }
    }

    private static func command(of pid: Int32) -> String? {
        let descriptor = open("/proc/\(pid)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return text(of: descriptor)
    }

    /// The first line of a file.
    private static func text(of descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return buffer[..<count].split(separator: UInt8(ascii: "\n")).first.map { String(decoding: $0, as: UTF8.self) }
    }
}
