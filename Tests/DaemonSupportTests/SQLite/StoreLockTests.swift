// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DaemonSupport

@Suite("StoreLock", .timeLimit(.minutes(2)))
struct StoreLockTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("The lock has one holder, names it, and is free after the holder releases it")
    func exclusive() async throws {
        let path = folder.file("a.sqlite")
        var lock: StoreLock? = try StoreLock(path: path)
        _ = lock
        let error = try #require(throws: StoreLockError.self) { try StoreLock(path: path) }
        guard case .held(path, getpid(), let command?) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.description == "\(path) is in use by process \(getpid()) (\(command))")
        lock = nil
        // A program that another test starts has this process's descriptors between its fork and its exec.
        while (try? StoreLock(path: path)) == nil { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test("A refused lock closes only its own descriptor")
    func ownDescriptor() async throws {
        let path = folder.file("b.sqlite")
        let lock = try StoreLock(path: path)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<5_000 { #expect(throws: StoreLockError.self) { try StoreLock(path: path) } }
            }
            group.addTask {
                // If another task closed this descriptor, close(2) fails or closes somebody else's.
                for _ in 0..<50_000 where close(open("/dev/null", O_RDONLY | O_CLOEXEC)) != 0 {
                    Issue.record("a descriptor was closed by another")
                }
            }
        }
        withExtendedLifetime(lock) {}
    }

    @Test("The error names the lock file that cannot be opened, and the reason")
    func unavailable() {
        let path = folder.file("none/a.sqlite")
        #expect(throws: StoreLockError.unavailable(path: path + ".lock", errno: ENOENT)) { try StoreLock(path: path) }
    }
}
