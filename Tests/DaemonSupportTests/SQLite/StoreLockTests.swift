// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import DaemonSupport

@Suite("StoreLock", .timeLimit(.minutes(2)))
struct StoreLockTests {
    private let folder = StoreFolder()

    @Test("has one holder at a time, names it, and is free once the holder lets go")
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
        // Between its fork and its exec, a program that another test starts holds whatever this process held.
        while (try? StoreLock(path: path)) == nil { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test("closes no descriptor but its own when it is refused")
    func ownDescriptor() async throws {
        let path = folder.file("b.sqlite")
        let lock = try StoreLock(path: path)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<5_000 { #expect(throws: StoreLockError.self) { try StoreLock(path: path) } }
            }
            group.addTask {
                // A descriptor that another closed is a closed one here, or somebody else's by now.
                for _ in 0..<50_000 where close(open("/dev/null", O_RDONLY | O_CLOEXEC)) != 0 {
                    Issue.record("a descriptor was closed by another")
                }
            }
        }
        withExtendedLifetime(lock) {}
    }

    @Test("says which file cannot be opened, and why")
    func unavailable() {
        let path = folder.file("none/a.sqlite")
        #expect(throws: StoreLockError.unavailable(path: path + ".lock", errno: ENOENT)) { try StoreLock(path: path) }
    }
}
