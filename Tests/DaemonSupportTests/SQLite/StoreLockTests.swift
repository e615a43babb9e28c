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

    @Test("says which file cannot be opened, and why")
    func unavailable() {
        let path = folder.file("none/a.sqlite")
        #expect(throws: StoreLockError.unavailable(path: path + ".lock", errno: ENOENT)) { try StoreLock(path: path) }
    }
}
