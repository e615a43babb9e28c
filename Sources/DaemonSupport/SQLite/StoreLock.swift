// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Why a store could not be taken.
public enum StoreLockError: Error, Equatable, CustomStringConvertible {
    /// Another process has it; its id and name where they are known.
    case held(path: String, pid: Int32?, command: String?)
    /// The lock file cannot be opened.
    case unavailable(path: String, errno: Int32)

    /// The problem as a sentence for a log.
    public var description: String {
        switch self {
        case .held(let path, let pid, let command):
            "\(path) is in use by "
                + (pid.map { "process \($0)" + (command.map { " (\($0))" } ?? "") } ?? "another process")
        case .unavailable(let path, let code): "\(path): \(String(cString: strerror(code)))"
        }
    }
}

/// The right of one process to use a store, held until this value goes, or its process dies.
///
/// It is a lock (flock(2)) on the file `<store>.lock`, which stays: removing it would let two processes lock two
/// different files.
public final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of the store at `path` without waiting.
    public init(path store: String) throws(StoreLockError) {
        let path = store + ".lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .unavailable(path: path, errno: errno) }
        descriptor = file
        // From here on `deinit` closes the descriptor, also when this throws.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let pid = Self.holder(descriptor)
            guard code == EWOULDBLOCK else { throw .unavailable(path: path, errno: code) }
            throw .held(path: store, pid: pid, command: pid.flatMap(Self.command))
        }
        // The service must be able to open what root has left behind.
        try? FileSystem.giveToOwner(of: FileSystem.folder(of: path), descriptor, path)
        // Only a hint for people: the lock itself is the kernel's.
        let pid = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, pid, pid.count, 0) }
    }

    deinit {
        // A child between fork and exec has the descriptor too, and would keep the lock.
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

    /// The first line.
    private static func text(of descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return buffer[..<count].split(separator: UInt8(ascii: "\n")).first.map { String(decoding: $0, as: UTF8.self) }
    }
}
