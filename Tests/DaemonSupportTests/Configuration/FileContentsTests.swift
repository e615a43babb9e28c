// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import DaemonSupport

@Suite("FileContents", .timeLimit(.minutes(2)))
struct FileContentsTests {
    @Test("tells a missing file from one that cannot be read")
    func missing() throws {
        #expect(try FileContents.read("/nowhere/at/all") == nil)
        #expect(try FileContents.read("/dev/null/x") == nil)
        #expect(throws: FileReadFailure(reason: "Is a directory")) { try FileContents.read("/tmp") }
    }

    @Test("reads up to its limit and no further")
    func limit() throws {
        #expect(throws: FileReadFailure(reason: "the file is larger than 1 MiB")) { try FileContents.read("/dev/zero") }
        #expect(try FileContents.read("/dev/null") == [])
        let bytes = [UInt8](repeating: 0x61, count: FileContents.limit)
        let path = "/tmp/file-contents-\(randomToken().prefix(12))"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(descriptor >= 0)
        defer { unlink(path) }
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        #expect(try FileContents.read(path) == bytes)
    }
}
